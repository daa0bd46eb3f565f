"""What the sections of the configuration share."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict

Origin = Literal["max", "upwind"]


def _without_user(value: str) -> str:
    """Refuse an address with user information: addresses stand in commands, logs and reports."""
    if "@" in value.partition("?")[0]:
        raise ValueError("an address without user name and password; they go into the environment or a private file")
    return value


Address = Annotated[str, AfterValidator(_without_user)]


class Section(BaseModel):
    """Base of the sections: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)
