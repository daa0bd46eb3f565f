"""A stand-in for the Climate Data Store.

Written from what the service's own clients (cdsapi, ecmwf-datastores-client) send and read: the messages of the
catalogue, `processes/<data set>` and `/execution` (OGC API Processes), `jobs/<id>` with its states, `jobs/<id>/results`
with the asset or the problem (title, detail, traceback) of a job without result, and the file, on a path without the
key. The words of refusals are those that users report.
"""

from __future__ import annotations

import json
import tempfile
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from tests.loopback import Loopback, Reply, Seen, json_reply
from tests.weather.era5_files import PRESSURE, SINGLE, Atmosphere, dataset, write_new, write_zip

KEY = "0f1e2d3c-secret-key"
NAMES = {
    "u_component_of_wind": "u",
    "v_component_of_wind": "v",
    "geopotential": "z",
    "10m_u_component_of_wind": "u10",
    "10m_v_component_of_wind": "v10",
    "boundary_layer_height": "blh",
    "surface_pressure": "sp",
}
DATASETS = {"reanalysis-era5-pressure-levels": PRESSURE, "reanalysis-era5-single-levels": SINGLE}


def problem(status: int, title: str, detail: str) -> Reply:
    return json_reply({"type": "about:blank", "title": title, "status": status, "detail": detail}, status)


def licence(name: str) -> Reply:
    page = f"https://cds.climate.copernicus.eu/datasets/{name}?tab=download#manage-licences"
    words = f"Not all the required licences have been accepted; please visit {page} to accept the required licence(s)."
    return problem(403, "required licences not accepted", words)


COST = problem(403, "cost limits exceeded", "Your request is too large, please reduce your selection.")


@dataclass
class Job:
    """A request in the queue: so many looks until it is done, and how it ends."""

    identity: str
    dataset: str
    inputs: dict[str, Any]
    looks: int = 0
    ends: str = "successful"
    reason: str = ""
    body: bytes = b""
    seen: int = 0

    @property
    def state(self) -> str:
        if self.seen <= self.looks:
            return "accepted" if self.seen <= self.looks / 2 else "running"
        return self.ends


@dataclass
class Faults:
    """What goes wrong: replies to a POST, to downloads, how jobs end."""

    submit: list[Reply | None] = field(default_factory=list)
    files: list[Callable[[Reply], Reply]] = field(default_factory=list)
    ends: list[tuple[str, str]] = field(default_factory=list)
    forgotten: set[str] = field(default_factory=set)
    looks: int = 0
    zipped: bool = False
    hole: bool = False
    wrong_answer: Callable[[dict[str, Any]], dict[str, Any]] | None = None


class CdsServer(Loopback):
    """Makes the fields of an atmosphere on a grid, after jobs have queued."""

    def __init__(self, atmosphere: Atmosphere | None = None, step_deg: float = 0.25) -> None:
        super().__init__(self._answer)
        self.atmosphere, self.step_deg = atmosphere or Atmosphere(), step_deg
        self.jobs: dict[str, Job] = {}
        self.trouble = Faults()

    @property
    def url(self) -> str:
        return f"{self.host}/api"

    @property
    def submitted(self) -> list[Job]:
        return list(self.jobs.values())

    def _answer(self, seen: Seen) -> Reply:
        if seen.path.startswith("/cache/"):
            return self._file(seen)
        if seen.path == "/api/catalogue/v1/messages":
            return json_reply({"messages": []})
        if seen.headers.get("PRIVATE-TOKEN") != KEY:
            return problem(401, "authentication failed", f"the key {seen.headers.get('PRIVATE-TOKEN')} is not valid")
        steps = seen.path.removeprefix("/api/retrieve/v1/").split("/")
        if steps[0] == "processes" and steps[1] in DATASETS:
            return self._process(seen, steps)
        if steps[0] == "jobs" and steps[1] in self.jobs and steps[1] not in self.trouble.forgotten:
            return self._job(seen, self.jobs[steps[1]], steps)
        return problem(404, "not found", f"{seen.path} is not known")

    def _process(self, seen: Seen, steps: list[str]) -> Reply:
        if seen.method != "POST":
            return json_reply({"id": steps[1], "links": []})
        refusal = self.trouble.submit.pop(0) if self.trouble.submit else None
        if refusal:
            return refusal
        inputs = json.loads(seen.body)["inputs"]
        wrong = self._invalid(steps[1], inputs)
        if wrong:
            return problem(400, "invalid request", wrong)
        job = Job(str(uuid.uuid4()), steps[1], inputs, self.trouble.looks)
        if self.trouble.ends:
            job.ends, job.reason = self.trouble.ends.pop(0)
        self.jobs[job.identity] = job
        return json_reply(self._status(job), 201)

    def _invalid(self, name: str, inputs: dict[str, Any]) -> str:
        north, west, south, east = inputs["area"]
        if not (north >= south and west <= east and west >= -180 and east < 360):
            return f"area {inputs['area']}"
        unknown = [variable for variable in inputs["variable"] if NAMES.get(variable) not in DATASETS[name]]
        if unknown:
            return f"variable {unknown}"
        if ("pressure_level" in inputs) != (name == "reanalysis-era5-pressure-levels"):
            return "pressure_level"
        good = inputs["product_type"] == ["reanalysis"] and inputs["data_format"] == "netcdf"
        return "" if good else "product_type or data_format"

    def _status(self, job: Job) -> dict[str, Any]:
        here = f"{self.url}/retrieve/v1/jobs/{job.identity}"
        links = [{"rel": "self", "href": here}, {"rel": "monitor", "href": here}]
        if job.state in ("successful", "failed"):
            links.append({"rel": "results", "href": f"{here}/results"})
        return {
            "processID": job.dataset,
            "type": "process",
            "jobID": job.identity,
            "status": job.state,
            "created": "2026-01-01T00:00:00",
            "updated": "2026-01-01T00:00:00",
            "links": links,
            "metadata": {"request": {"ids": job.inputs}, "log": []},
        }

    def _job(self, seen: Seen, job: Job, steps: list[str]) -> Reply:
        if len(steps) == 2:
            if "log" in seen.query:
                job.seen += 1
            return json_reply(self._status(job))
        if job.state != "successful":
            return json_reply({"title": f"The job has {job.state}", "status": 400, "traceback": job.reason}, 400)
        job.body = job.body or self._netcdf(job)
        asset = {
            "type": "application/zip" if self.trouble.zipped else "application/netcdf",
            "href": f"{self.host}/cache/{job.identity}",
            "file:size": len(job.body),
        }
        return json_reply({"asset": {"value": asset}})

    def _file(self, seen: Seen) -> Reply:
        if "PRIVATE-TOKEN" in seen.headers:
            return problem(400, "bad request", "the key does not belong here")
        job = self.jobs[seen.path.rpartition("/")[2]]
        reply = Reply(200, job.body, "application/octet-stream")
        return self.trouble.files.pop(0)(reply) if self.trouble.files else reply

    def _netcdf(self, job: Job) -> bytes:
        inputs = self.trouble.wrong_answer(job.inputs) if self.trouble.wrong_answer else job.inputs
        north, west, south, east = inputs["area"]
        times = np.array(
            [
                np.datetime64(f"{inputs['year'][0]}-{inputs['month'][0]}-{day}T{time}", "h")
                for day in inputs["day"]
                for time in inputs["time"]
            ]
        )
        made = dataset(
            self.atmosphere,
            [NAMES[variable] for variable in inputs["variable"]],
            times,
            np.arange(north, south - 1e-6, -self.step_deg),
            np.arange(west, east + 1e-6, self.step_deg),
            [int(level) for level in inputs.get("pressure_level", [])],
        )
        if self.trouble.hole:
            for variable in made.data_vars.values():
                variable.values[(-1,) * variable.ndim] = np.nan
        with tempfile.TemporaryDirectory() as folder:
            path = write_new(Path(folder) / "data.nc", made)
            if self.trouble.zipped:
                path = write_zip(Path(folder) / "data.zip", {"data_stream-oper_stepType-instant.nc": path})
            return path.read_bytes()
