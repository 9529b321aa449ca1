"""The item model: trained by the scheduler, carried as bytes, read and never changed by decide."""

from hashlib import blake2b

import msgspec
import numpy as np

from queqiao.decide.recommend.cooccurrence import Neighbours


class PackedNeighbours(msgspec.Struct, frozen=True):
    """Neighbours as little-endian bytes: int32 offsets and items, float32 scores."""

    offsets: bytes
    items: bytes
    scores: bytes


class PackedModel(msgspec.Struct, frozen=True):
    """What travels. ``popular`` are items by falling popularity, the first with score 1."""

    skus: list[str]
    bought: PackedNeighbours
    viewed: PackedNeighbours
    popular: list[int]
    popular_scores: list[float]


class ItemModel:
    """The model in memory. Immutable: roles swap it whole."""

    def __init__(self, packed: PackedModel, name: str) -> None:
        self.name = name
        self.skus = packed.skus
        self.index = {sku: item for item, sku in enumerate(packed.skus)}
        self.bought = _unpack(packed.bought)
        self.viewed = _unpack(packed.viewed)
        self.popular = list(zip(packed.popular, packed.popular_scores, strict=True))


def encode_model(packed: PackedModel) -> bytes:
    """Return the bytes of the artifact; equal models give equal bytes."""
    return msgspec.msgpack.encode(packed)


def load_model(body: bytes) -> ItemModel:
    """Return the model of an artifact. Its name is a digest of its content."""
    digest = blake2b(body, digest_size=6).hexdigest()
    return ItemModel(msgspec.msgpack.decode(body, type=PackedModel), f"items-{digest}")


def pack(neighbours: Neighbours) -> PackedNeighbours:
    """Return the compact form of neighbours."""
    return PackedNeighbours(
        neighbours.offsets.astype("<i4").tobytes(),
        neighbours.items.astype("<i4").tobytes(),
        neighbours.scores.astype("<f4").tobytes(),
    )


def _unpack(packed: PackedNeighbours) -> Neighbours:
    return Neighbours(
        np.frombuffer(packed.offsets, "<i4").astype(np.int64),
        np.frombuffer(packed.items, "<i4").astype(np.int64),
        np.frombuffer(packed.scores, "<f4").astype(np.float64),
    )
