"""The configuration: one typed model that validates, documents itself and generates the JSON schema.

Every key has a description; `so2plumes.config_docs` turns them into ``config/README.md`` and the schema, and a test
fails when they drift.
"""

from so2plumes.config.presets import PRESETS
from so2plumes.config.whole import Config, check_files, load_config, parse_config

__all__ = ["PRESETS", "Config", "check_files", "load_config", "parse_config"]
