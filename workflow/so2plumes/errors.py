"""Errors that say where, what was expected, what was found and what to do next."""

from __future__ import annotations

from pathlib import Path


class SO2PlumesError(Exception):
    """Base of every error that the campaign raises on purpose.

    Parameters
    ----------
    problem : str
        One sentence: what is wrong.
    where : path or str, optional
        The file, variable or config key concerned.
    expected, found : str, optional
        What would have been right and what was there instead.
    remedy : str, optional
        The next step for the reader.
    """

    def __init__(
        self,
        problem: str,
        *,
        where: str | Path | None = None,
        expected: str | None = None,
        found: str | None = None,
        remedy: str | None = None,
    ) -> None:
        self.problem = problem
        self.where = None if where is None else str(where)
        self.expected = expected
        self.found = found
        self.remedy = remedy
        lines = [problem]
        for label, text in (
            ("where", self.where),
            ("expected", expected),
            ("found", found),
            ("what to do", remedy),
        ):
            if text:
                lines.append(f"  {label}: {text}")
        super().__init__("\n".join(lines))

    def __reduce__(self) -> tuple:
        """Keep the parts when an error crosses a process border."""
        return (_rebuild, (type(self), self.problem, self.where, self.expected, self.found, self.remedy))


def _rebuild(
    kind: type[SO2PlumesError],
    problem: str,
    where: str | None,
    expected: str | None,
    found: str | None,
    remedy: str | None,
) -> SO2PlumesError:
    return kind(problem, where=where, expected=expected, found=found, remedy=remedy)


class ConfigError(SO2PlumesError):
    """A config key or value cannot be used."""


class GranuleError(SO2PlumesError):
    """A Level-2 granule cannot be used; ``reason`` is the code kept in the receipt."""

    reason = "unusable"

    def __init__(self, problem: str, *, reason: str = "unusable", **parts: str | Path | None) -> None:
        super().__init__(problem, **parts)  # type: ignore[arg-type]
        self.reason = reason

    def __reduce__(self) -> tuple:
        """Keep the reason code when an error crosses a process border."""
        parts = {"where": self.where, "expected": self.expected, "found": self.found, "remedy": self.remedy}
        return (_rebuild_granule, (self.problem, self.reason, parts))


def _rebuild_granule(problem: str, reason: str, parts: dict[str, str | None]) -> GranuleError:
    return GranuleError(problem, reason=reason, **parts)


class GeometryError(SO2PlumesError):
    """Corners, outlines or areas cannot be built."""


class ModelError(SO2PlumesError):
    """Detector weights cannot be loaded or do not fit the request."""


class TableError(SO2PlumesError):
    """A table lacks columns or rows that its reader needs."""


class ExternalDataError(SO2PlumesError):
    """A file of GVP, EDGAR or another source does not have the documented layout."""
