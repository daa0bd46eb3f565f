"""Options of an S3 store, and what the commands of the archive make of them."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from so2plumes.commands.archive_limits import budget_of, incoming_of, limits_of
from so2plumes.commands.options import optional_path

if TYPE_CHECKING:
    from so2plumes.archive.catalogue_index import CatalogueIndex
    from so2plumes.archive.frozen import Provenance
    from so2plumes.archive.region import Region
    from so2plumes.archive.s3_download import S3Download
    from so2plumes.archive.s3_store import S3Bucket


def add_s3_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say where a bucket is and who asks."""
    parser.add_argument("--s3-endpoint", default="none", help="address of the S3 store, or none for Amazon")
    parser.add_argument("--bucket", default="", help="bucket of the S3 store")
    parser.add_argument("--s3-region", default="us-east-1", help="region of the S3 store")
    parser.add_argument("--anonymous", action="store_true", help="ask the S3 store without keys")
    parser.add_argument(
        "--credentials", type=optional_path, default=None, help="file with the account or keys, or none"
    )


def bucket_of(options: argparse.Namespace) -> S3Bucket:
    """Return the bucket that the options name."""
    from so2plumes.archive.s3_store import S3Bucket

    return S3Bucket(
        options.bucket,
        None if options.s3_endpoint == "none" else options.s3_endpoint,
        options.s3_region,
        options.anonymous,
        None if options.credentials is None else str(options.credentials),
    )


def index_of_bucket(options: argparse.Namespace, region: Region | None) -> tuple[CatalogueIndex, Provenance, list[str]]:
    """List a bucket: the index, where it comes from, and its summary."""
    from so2plumes.archive.catalogue_index import summarise
    from so2plumes.archive.s3_index import (
        entries_of,
        index_bucket,
        list_bucket,
        provenance_of_bucket,
        remarks,
    )

    bucket, choice = bucket_of(options), {"processors": options.processors, "retrievals": options.retrievals}
    prefixes = json.loads(options.prefixes)
    listings = list_bucket(bucket, prefixes, options.start, options.end, options.connections)
    index = index_bucket(entries_of(bucket, listings), options.start, options.end, region=region, **choice)
    lines = summarise(index, options.start, options.end, budget_of(options)) + remarks(region)
    origin = provenance_of_bucket(
        bucket, listings, options.start, options.end, region=None if region is None else options.region, **choice
    )
    return index, origin, lines


def download_of_bucket(options: argparse.Namespace) -> S3Download:
    """Return the source of granules that the options name."""
    from so2plumes.archive.s3_download import S3Download

    bucket = bucket_of(options)
    return S3Download(bucket, incoming_of(options), limits_of(options, bucket.base))
