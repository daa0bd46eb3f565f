"""Generate the JSON schema and the key table from the configuration model, and the column table from the dictionary."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from so2plumes.config import PRESETS, Config
from so2plumes.dictionary import table_specs
from so2plumes.reruns import used_by_text
from so2plumes.table import plume_columns, reason_codes

BEGIN = "<!-- generated: begin -->"
END = "<!-- generated: end -->"


def schema_text() -> str:
    """JSON schema of the configuration."""
    schema = Config.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "so2plumes configuration"
    return json.dumps(schema, indent=2, sort_keys=True) + "\n"


def _kind(annotation: Any) -> str:
    import types
    import typing

    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is typing.Literal:
        return " \\| ".join(f"`{value}`" for value in arguments)
    if origin in (types.UnionType, typing.Union):
        return " \\| ".join(_kind(part) for part in arguments)
    if origin is typing.Annotated:
        return _kind(arguments[0])
    if origin is list:
        return f"list of {_kind(arguments[0])}"
    if annotation is type(None):
        return "null"
    return str(getattr(annotation, "__name__", annotation))


def _default(value: Any) -> str:
    if value is PydanticUndefined:
        return "**required**"
    return f"`{json.dumps(value, default=str)}`"


def _rows(section: type[BaseModel], prefix: str) -> list[str]:
    lines = []
    for name, field in section.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            lines += _rows(kind, f"{prefix}{name}.")
            continue
        text = (field.description or "").replace("|", "\\|")
        key = f"{prefix}{name}"
        lines.append(f"| `{key}` | {_kind(kind)} | {_default(field.default)} | {text} | {used_by_text(key)} |")
    return lines


def key_table() -> str:
    """Markdown table of every key, and of the presets."""
    head = "| key | type | default | meaning | a change reruns |"
    lines = [head, "|---|---|---|---|---|", *_rows(Config, ""), ""]
    lines += ["| key | preset `paper` | preset `recommended` |", "|---|---|---|"]
    for section, choices in PRESETS["paper"].items():
        for key, value in choices.items():
            lines.append(f"| `{section}.{key}` | `{value}` | `{PRESETS['recommended'][section][key]}` |")
    return "\n".join(lines)


def column_table() -> str:
    """Markdown table of the plume table's columns and reason codes."""
    lines = ["| column | type | unit | meaning |", "|---|---|---|---|"]
    lines += [f"| `{c.name}` | {c.dtype} | {c.unit} | {c.text} |" for c in plume_columns()]
    lines += ["", "| reason code | meaning |", "|---|---|"]
    lines += [f"| `{code}` | {text} |" for code, text in reason_codes().items()]
    return "\n".join(lines)


def truth_table(root: Path) -> str:
    """Markdown tables of the closed loop whose scores are kept with the documentation."""
    from so2plumes.truth.score import score_tables

    return score_tables(json.loads((root / "docs" / "closed_loop.json").read_text()))


def tables_table() -> str:
    """Markdown of the other tables and their columns."""
    lines: list[str] = []
    for spec in table_specs().values():
        lines += [f"## {spec.name}", "", f"{spec.text}.", "", "| column | type | unit | meaning |", "|---|---|---|---|"]
        lines += [f"| `{c.name}` | {c.dtype} | {c.unit} | {c.text} |" for c in spec.columns] + [""]
    return "\n".join(lines).rstrip()


def between_marks(document: str, content: str) -> str:
    """Put generated content between the marks of a document."""
    head, rest = document.split(BEGIN)
    tail = rest.split(END)[1]
    return f"{head}{BEGIN}\n{content}\n{END}{tail}"


def generated_files(root: Path) -> dict[Path, str]:
    """Return what every generated file should hold."""
    readme, columns, tables, rates = (
        root / name for name in ("config/README.md", "docs/columns.md", "docs/tables.md", "docs/rates.md")
    )
    return {
        root / "workflow" / "schemas" / "config.schema.json": schema_text(),
        readme: between_marks(readme.read_text(), key_table()),
        columns: between_marks(columns.read_text(), column_table()),
        rates: between_marks(rates.read_text(), truth_table(root)),
        tables: between_marks(tables.read_text(), tables_table()),
    }
