"""What a page sends to the browser's part of our components."""

import json
from typing import Any


def data(component: Any) -> dict[str, Any]:
    """Return the data of an element of kind "bidi_component", without the pictures of a grid."""
    content = component.proto.bytes
    if not content:
        return json.loads(component.proto.json)
    end = 4 + int.from_bytes(content[:4])
    return json.loads(content[4:end])
