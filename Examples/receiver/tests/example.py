"""Events as Gatehouse sends them, and the path to the receiver's modules."""

import base64
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

DEVICE = "6b1f0f0e-8f3c-4f4e-9a55-0a4d0d8c2f11"


def base64url(octets):
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def event(kind="enrolled", generation=1, number=1, device=DEVICE, **more):
    """A CloudEvent with what a receiver needs."""
    data = {
        "schema": "gatehouse.event/1", "generation": generation,
        "device": {"id": device, "claimedDeviceId": "0123456789ABCDEF"},
        "user": {"principalName": "kim@corp.example"},
    } | more
    return {"specversion": "1.0", "id": f"00000000-0000-4000-8000-{number:012}", "type": f"gatehouse.device.{kind}",
            "source": "https://enroll.corp.example", "subject": device, "data": data}
