"""The subcommands: each opens inputs, calls the library and writes one output.

Contract: a module of this room imports the library inside its functions, so that a command starts as fast as what it
uses.
"""

from so2plumes.commands import (
    analysis,
    archive,
    detect,
    emissions,
    find,
    labels,
    parity,
    plumes,
    product,
    report,
    simulate,
    sources,
    status,
    tools,
    train,
    truth,
    weather,
)

GROUPS = (
    simulate.add_commands,
    archive.add_commands,
    detect.add_commands,
    plumes.add_commands,
    weather.add_commands,
    emissions.add_commands,
    find.add_commands,
    sources.add_commands,
    analysis.add_commands,
    report.add_commands,
    parity.add_commands,
    product.add_commands,
    labels.add_commands,
    train.add_commands,
    truth.add_commands,
    status.add_commands,
    tools.add_commands,
)
"""Functions that add the commands of one stage to a parser."""
