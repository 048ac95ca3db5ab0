"""What a cluster draws at random, drawn here from the lab's seed: uids, name suffixes, hashes."""

from __future__ import annotations

import hashlib
import json
import random
import uuid

from controlroom.lab.kubernetes.documents import Document

#: The letters of k8s.io/apimachinery/pkg/util/rand: no vowels, so that no words come out.
ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


class Namer:
    """Draws names in an order that depends on the seed alone."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(f"kubernetes/{seed}")

    def uid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def suffix(self, length: int = 5) -> str:
        """The end of a generated name, as the API server appends it to generateName."""
        return "".join(self._random.choice(ALPHABET) for _ in range(length))

    def hexadecimal(self, length: int) -> str:
        return f"{self._random.getrandbits(4 * length):0{length}x}"

    def sample(self, population: list[str], count: int) -> list[str]:
        """`count` of `population` at random, without repetition, in random order."""
        return self._random.sample(population, count)

    def uniform(self, low: float, high: float) -> float:
        return self._random.uniform(low, high)


def template_hash(template: Document) -> str:
    """The pod-template-hash of a pod template: ten safe characters, the same for the same template."""
    digest = hashlib.sha256(json.dumps(template, sort_keys=True).encode()).digest()
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest[:10])
