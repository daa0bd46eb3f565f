"""The account at the Climate Data Store: where it is written, and which forms of it are no use."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from so2plumes.errors import ConfigError

HOW_TO = "https://cds.climate.copernicus.eu/how-to-api"
DEFAULT_URL = "https://cds.climate.copernicus.eu/api"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class CdsAccount:
    """Address of the service and the personal access token, which is never shown."""

    url: str
    key: str = field(repr=False)

    def hide(self, text: str) -> str:
        """Return a text without the key."""
        return text.replace(self.key, "***")


def find_account(url: str | None = None) -> CdsAccount:
    """Read the account as the ``cdsapi`` package does: CDSAPI_URL and CDSAPI_KEY, then CDSAPI_RC or ~/.cdsapirc.

    Parameters
    ----------
    url : str, optional
        Address to use whatever the account names.

    Raises
    ------
    ConfigError
        There is none, it is of the service that was closed in 2024, or it would travel unprotected.
    """
    from cdsapi.api import get_url_key_verify

    try:
        found, key, _ = get_url_key_verify(url or None, None, None)
    except Exception as error:
        raise ConfigError(
            "there is no account for the Climate Data Store",
            where="era5.path: download",
            expected="CDSAPI_URL and CDSAPI_KEY in the environment, or ~/.cdsapirc with the lines "
            f"'url: {DEFAULT_URL}' and 'key: <personal access token>'",
            found=str(error),
            remedy=f"accounts are free: {HOW_TO}; or set era5.path to a folder of ERA5 files",
        ) from None
    key, found = str(key).strip(), str(found).strip().rstrip("/")
    if not key or ":" in key:
        raise ConfigError(
            "the key for the Climate Data Store is no personal access token",
            where="CDSAPI_KEY or ~/.cdsapirc",
            expected="a token without a user number",
            found="nothing" if not key else "the form <number>:<key> of the service that was closed in 2024",
            remedy=f"copy the token from {HOW_TO}",
        )
    if found.endswith("/api/v2"):
        raise ConfigError(
            "the address is that of the Climate Data Store that was closed in 2024",
            where="CDSAPI_URL or ~/.cdsapirc",
            expected=DEFAULT_URL,
            found=found,
            remedy=f"see {HOW_TO}",
        )
    parts = urlsplit(found)
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        raise ConfigError(
            "the key is not sent over an open connection", where="era5.url", expected="https://", found=found
        )
    return CdsAccount(found, key)
