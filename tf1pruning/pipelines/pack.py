"""The stage that writes a packed file."""

import dataclasses
import os
from typing import Any, Dict, Tuple

from ..packing import opened, pack, unpack
from ..verify import verify
from .config import StageConfig
from .state import MODEL, State


@dataclasses.dataclass(frozen=True)
class PackConfig(StageConfig):
    """Write the weights, entropy-coded, and the graph into one file, `model.tfp`; the model stays as it is."""

    name: str = 'pack'


def run_pack(config: PackConfig, state: State, folder: str) -> Tuple[State, Dict[str, Any]]:
    """Packs; unpacks into `unpacked`, and runs the result beside the model.

    Raises:
        VerificationError: the two do not compute the same.
    """
    model = state.load(state.model)
    path, back = os.path.join(folder, MODEL + '.tfp'), os.path.join(folder, 'unpacked')
    packing = pack(model, path)
    os.mkdir(back)
    with opened(path) as packed:
        difference = verify(model, state.load(unpack(packed, back)))
    return state, {'packed': packing.as_json(), 'difference': dict(difference._asdict())}
