"""Run by the deployments' own environment: renders the chart, reads the compose file, prints JSON.

Helm's own library renders and lints; every resource is held against Kubernetes's published schema,
strictly; the compose file against the compose specification.
"""

import json
import re
import sys
from pathlib import Path

import kubernetes_validate
import yaml
from compose_spec import PyCompose
from helm_python import Chart, HelmError, lint

KUBERNETES = "1.37"
VARIABLE = re.compile(r"\$\{\w+(?::-([^}]*)|:\?[^}]*)?\}")


def chart(folder: str, values: dict) -> dict:
    try:
        rendered = Chart.load(folder).render(values)
    except HelmError as error:
        return {"error": str(error)}
    resources = [
        resource
        for name, text in rendered.items()
        if name.endswith(".yaml")
        for resource in yaml.safe_load_all(text)
        if resource
    ]
    return {
        "resources": resources,
        "wrong": [told for resource in resources for told in wrong(resource)],
        "lint": lint(folder, values=values)["errors"],
    }


def wrong(resource: dict) -> list[str]:
    try:
        kubernetes_validate.validate(resource, KUBERNETES, strict=True)
    except kubernetes_validate.ValidationError as error:
        return [f"{resource['kind']} {resource['metadata']['name']}: {error.message}"]
    return []


def compose(file: str) -> dict:
    # As Compose does it: variables first (each here its default, or "given"), then merge keys.
    text = VARIABLE.sub(lambda found: found[1] or "given", Path(file).read_text("utf-8"))
    whole = {key: part for key, part in yaml.safe_load(text).items() if not key.startswith("x-")}
    PyCompose.from_json(json.dumps(whole)).validate()
    return whole


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    answer = compose(asked["compose"]) if "compose" in asked else chart(**asked)
    json.dump(answer, sys.stdout)
