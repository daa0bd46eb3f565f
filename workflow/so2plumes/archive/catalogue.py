"""Page the OData catalogue of the Copernicus Data Space Ecosystem, month by month.

After the CDSE documentation, OData page: `$top` is 1000 at most, `$skip` ends at 10 000, pages follow
`@odata.nextLink`, and a query names the collection and a range of dates. No account is needed.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from so2plumes.archive.catalogue_entry import CatalogueEntry, CatalogueError, parse_entry
from so2plumes.archive.catalogue_query import CatalogueQuery, Window, instant_text, month_windows
from so2plumes.http import Answer, HttpClient, MalformedError, describe_body

log = logging.getLogger(__name__)

MAX_SKIP = 10_000
_SHORTEST_WINDOW = timedelta(hours=1)


@dataclass(frozen=True)
class MonthListing:
    """The products of one month.

    Attributes
    ----------
    window : Window
    entries : tuple of CatalogueEntry
        One per product, in the catalogue's order.
    sha256 : str
        Digest of the raw answers, page after page.
    pages : int
    products : int
        What the catalogue counts, those included that are no granules.
    asked : int
        2 where the catalogue changed while it was paged.
    """

    window: Window
    entries: tuple[CatalogueEntry, ...] = field(repr=False)
    sha256: str
    pages: int
    products: int
    asked: int = 1


class _TooMany(Exception):
    """The window holds more products than can be skipped."""


class _Pages:
    """What has been read of one window."""

    def __init__(self) -> None:
        self.products: dict[str, Any] = {}
        self.digest = hashlib.sha256()
        self.count = 0


def list_catalogue(
    client: HttpClient,
    query: CatalogueQuery,
    start: date,
    end: date,
    progress: Callable[[MonthListing], None] | None = None,
) -> list[MonthListing]:
    """List every product of a period.

    Parameters
    ----------
    client : HttpClient
    query : CatalogueQuery
    start, end : date
        First and last day of sensing; a margin of two hours is listed too.
    progress : callable, optional
        Told of each month when it is there.

    Returns
    -------
    list of MonthListing
        Month after month.

    Raises
    ------
    RemoteError, CatalogueError
    """
    listings = []
    for window in month_windows(start, end):
        listing = list_window(client, query, window)
        log.info("catalogue %s: %d products in %d pages", window.month, len(listing.entries), listing.pages)
        if progress:
            progress(listing)
        listings.append(listing)
    return listings


def list_window(client: HttpClient, query: CatalogueQuery, window: Window) -> MonthListing:
    """List one window; where the catalogue's own count differs, it changed meanwhile and is asked once more.

    Raises
    ------
    RemoteError
        The server does not answer, or not with a page of products.
    CatalogueError
        A page comes again, a product cannot be read, or the count still differs.
    """
    counted = read = 0
    for asked in (1, 2):
        pages = _Pages()
        _read_window(client, query, window.start, window.end, pages)
        counted, read = _count(client, query, window), len(pages.products)
        if counted == read:
            entries = [parse_entry(product) for product in pages.products.values()]
            found = tuple(entry for entry in entries if entry is not None)
            _check_times(found, window, query.url)
            return MonthListing(window, found, pages.digest.hexdigest(), pages.count, read, asked)
        log.warning("catalogue %s: it counts %d products, its pages hold %d", window.month, counted, read)
    raise CatalogueError(
        f"the catalogue does not list {window.month} completely",
        where=query.url,
        expected=f"{counted} products, as it counts itself",
        found=f"{read} different products in its pages, asked twice",
        remedy="it is being changed: run again later",
    )


def _read_window(client: HttpClient, query: CatalogueQuery, start: datetime, end: datetime, pages: _Pages) -> None:
    """Read all pages of a window, by halves where it holds more than the catalogue lets skip."""
    before = dict(pages.products)
    try:
        _follow_pages(client, query, query.filter_text(start, end), pages)
    except _TooMany:
        if end - start < 2 * _SHORTEST_WINDOW:
            raise CatalogueError(
                "the catalogue holds too many products to page through",
                where=f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}",
                expected=f"at most {MAX_SKIP} in so short a time",
                remedy="ask for fewer streams",
            ) from None
        pages.products = before
        middle = start + (end - start) / 2
        middle = middle.replace(microsecond=0)
        _read_window(client, query, start, middle, pages)
        _read_window(client, query, middle, end, pages)


def _follow_pages(client: HttpClient, query: CatalogueQuery, filter_text: str, pages: _Pages) -> None:
    parameters: Mapping[str, str] = {
        "$filter": filter_text,
        "$orderby": "ContentDate/Start asc",
        "$top": str(query.page_size),
        "$expand": "Attributes",
    }
    read = 0
    while True:
        page = client.ask(query.url, _read_page, parameters)
        read += len(page.products)
        pages.digest.update(page.raw)
        pages.count += 1
        new = {product["Id"]: product for product in page.products if product["Id"] not in pages.products}
        pages.products.update(new)
        if page.next_link is None:
            # the catalogue leaves the link out where it would skip too far, so a list of this length may go on
            if read > MAX_SKIP:
                raise _TooMany
            return
        if not new:
            raise CatalogueError(
                "the catalogue gives the same page again",
                where=query.url,
                expected="products that were not on the pages before",
                found=f"page {pages.count} with {len(page.products)} products, all known",
                remedy="run again later",
            )
        parameters = _next_parameters(page.next_link, query.url)


@dataclass(frozen=True)
class _Page:
    raw: bytes
    products: list[dict[str, Any]]
    next_link: str | None


def _document(answer: Answer) -> dict[str, Any]:
    try:
        document = json.loads(answer.content)
    except ValueError as error:
        if answer.content.lstrip().startswith(b"<"):
            raise MalformedError(f"{describe_body(answer.content)} instead of JSON") from None
        raise MalformedError(f"broken JSON of {answer.size_bytes} bytes ({error}); it may have been cut off") from None
    if not isinstance(document, dict):
        raise MalformedError(f"a JSON {type(document).__name__} instead of an object")
    return document


def _read_page(answer: Answer) -> _Page:
    document = _document(answer)
    products = document.get("value")
    if not isinstance(products, list):
        raise MalformedError("JSON without a list 'value': " + ", ".join(map(str, document))[:200])
    for product in products:
        if not isinstance(product, dict) or not isinstance(product.get("Id"), str):
            raise MalformedError(f"a product without an Id: {json.dumps(product)[:200]}")
    return _Page(answer.content, products, document.get("@odata.nextLink"))


def _next_parameters(link: str, url: str) -> Mapping[str, str]:
    """Return the query of a link to the next page.

    It is asked of the address that was configured: a link never leads to another host.
    """
    parameters = dict(parse_qsl(urlsplit(link).query))
    skip = parameters.get("$skip", "0")
    if "$filter" not in parameters or not skip.isdigit():
        raise CatalogueError(
            "the catalogue's link to the next page cannot be followed",
            where=url,
            expected="an address with $filter and $skip",
            found=link[:300],
        )
    if int(skip) > MAX_SKIP:
        raise _TooMany
    return parameters


def _count(client: HttpClient, query: CatalogueQuery, window: Window) -> int:
    parameters = {"$filter": query.filter_text(window.start, window.end), "$count": "true", "$top": "1"}
    return client.ask(query.url, _read_count, parameters)


def _read_count(answer: Answer) -> int:
    count = _document(answer).get("@odata.count")
    if isinstance(count, bool) or not isinstance(count, int):
        raise MalformedError(f"no number in @odata.count but {count!r}")
    return count


def _check_times(entries: tuple[CatalogueEntry, ...], window: Window, url: str) -> None:
    outside = [entry for entry in entries if not window.start <= entry.content_start < window.end]
    if outside:
        raise CatalogueError(
            f"the catalogue lists products of another time for {window.month}",
            where=url,
            expected=f"sensing from {instant_text(window.start)} to {instant_text(window.end)}",
            found=f"{len(outside)} others, first {outside[0].name.stem} at {instant_text(outside[0].content_start)}",
            remedy="check archive.catalogue: the service does not honour the filter",
        )
