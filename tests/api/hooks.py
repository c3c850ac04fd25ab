"""What schemathesis cannot know: the media types of this API, and names of things that are there (KINEMOTION_THINGS)."""

import json
import os
import zlib

import schemathesis

THINGS = json.loads(os.environ.get("KINEMOTION_THINGS", "{}"))
# What `{id}` names, by the beginning of the path.
NAMED = {
    "/api/v1/analyses": "file",
    "/api/v1/athletes": "athlete",
    "/api/v1/keys": "key",
    "/api/v1/training-sessions": "session",
    "/api/v1/uploads": "upload",
    "/api/v1/webhooks": "webhook",
    "/whip": "waiting",
    "/whep": "live",
    "/hls": "live",
}


@schemathesis.serializer("application/sdp", "application/trickle-ice-sdpfrag", "application/offset+octet-stream")
def as_it_is(context, value):
    """Texts and bytes go as they are, whatever else was made up as JSON."""
    if isinstance(value, str):
        value = value.encode(errors="surrogatepass")
    return {"data": value if isinstance(value, bytes) else json.dumps(value, default=str).encode()}


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    """Every other made-up name becomes that of a thing, except where it would be removed."""
    operation = context.operation
    if path_parameters and "metric" in path_parameters and zlib.crc32(str(path_parameters).encode(errors="surrogatepass")) % 2:
        path_parameters = {**path_parameters, "metric": "jump_height_m"}
    if operation is None or not path_parameters or operation.method.lower() == "delete":
        return path_parameters
    thing = next((thing for start, thing in NAMED.items() if operation.path.startswith(start)), None)
    made_up = str(path_parameters.get("id"))
    if thing in THINGS and zlib.crc32(made_up.encode(errors="surrogatepass")) % 2:
        return {**path_parameters, "id": THINGS[thing], **({"delivery": THINGS["delivery"]} if "delivery" in path_parameters else {})}
    return path_parameters
