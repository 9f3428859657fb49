"""The task of the first example: from what a house's sensors report over an evening, tell how many people are in.

An evening is ten half hours from 16:00. Six people come and go; each is in one of six rooms, moves, switches things
on, breathes and runs water. What the sensors make of it is noisy, and some of it (air, warmth) is slow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import cycle

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

STEPS = 10
PEOPLE = 6
MISSING = -99.0

ROOMS = ("hall", "living_room", "kitchen", "bathroom", "bedroom", "study")
ROOM_BY_HOUR = {  # chance of being in each room, early and late in the evening
    "early": (0.12, 0.26, 0.22, 0.08, 0.10, 0.22),
    "late": (0.06, 0.42, 0.14, 0.10, 0.18, 0.10),
}
SOCKETS = {  # socket → the room it is in, and the chance that somebody there has it on
    "kettle": ("kitchen", 0.35),
    "oven": ("kitchen", 0.30),
    "microwave": ("kitchen", 0.20),
    "coffee_machine": ("kitchen", 0.15),
    "dishwasher": ("kitchen", 0.10),
    "television": ("living_room", 0.60),
    "console": ("living_room", 0.25),
    "hifi": ("living_room", 0.20),
    "computer": ("study", 0.70),
    "printer": ("study", 0.05),
    "desk_lamp": ("study", 0.50),
    "hairdryer": ("bathroom", 0.15),
    "washing_machine": ("bathroom", 0.08),
    "bedside_lamp": ("bedroom", 0.40),
}
SIGNALS: dict[str, tuple[str, ...]] = {
    "motion": (*ROOMS, "stairs", "porch"),
    "door": ("front", "back", "garage", "fridge", "bathroom", "bedroom", "study", "wardrobe"),
    "window": ("living_room", "kitchen", "bathroom", "bedroom"),
    "light": (*ROOMS, "stairs", "porch"),
    "socket": tuple(SOCKETS),
    "noise": ("living_room", "kitchen"),
    "co2": ("living_room", "kitchen", "bathroom", "bedroom", "study"),
    "temperature": ROOMS,
    "humidity": ("living_room", "kitchen", "bathroom", "bedroom"),
    "water": ("cold", "hot", "shower", "toilet"),
    "wifi": ("devices", "download", "upload", *(f"phone_{person}" for person in range(PEOPLE))),
    "weather": ("outside_temperature", "daylight", "rain", "wind"),
}
NAMES = [f"{group}.{name}" for group, names in SIGNALS.items() for name in names]


def simulate(rng: np.random.Generator, evenings: int) -> tuple[Floats, Floats]:
    """Signals (evenings, STEPS, 76), nothing missing, and the number of people in (evenings, STEPS)."""
    present = come_and_go(rng, evenings)
    occupancy = choose_rooms(rng, present)
    measured = {group: sense(rng, present, occupancy) for group, sense in SENSORS.items()}
    signals = np.concatenate([measured[group] for group in SIGNALS], axis=-1)
    assert signals.shape == (evenings, STEPS, len(NAMES))
    return np.round(signals.clip(-1.0, 1.5), 2) + 0.0, present.sum(axis=-1).astype(float)


def come_and_go(rng: np.random.Generator, evenings: int) -> Bools:
    """Who is in at each step: (evenings, STEPS, PEOPLE)."""
    sociable = rng.beta(1.2, 1.2, (evenings, 1))
    present = np.empty((evenings, STEPS, PEOPLE), bool)
    present[:, 0] = rng.random((evenings, PEOPLE)) < 0.1 + 0.7 * sociable
    for step in range(1, STEPS):
        arrives = rng.random((evenings, PEOPLE)) < 0.05 + 0.25 * sociable
        leaves = rng.random((evenings, PEOPLE)) < 0.20 - 0.16 * sociable
        present[:, step] = np.where(present[:, step - 1], ~leaves, arrives)
    return present


def choose_rooms(rng: np.random.Generator, present: Bools) -> Floats:
    """People in each room at each step: (evenings, STEPS, rooms)."""
    late = np.linspace(0.0, 1.0, STEPS)[:, None]
    chances = (1 - late) * np.array(ROOM_BY_HOUR["early"]) + late * np.array(ROOM_BY_HOUR["late"])
    room = (rng.random(present.shape)[..., None] > chances.cumsum(axis=-1)[None, :, None, :]).sum(axis=-1)
    there = (room[..., None] == np.arange(len(ROOMS))) & present[..., None]
    return there.sum(axis=2).astype(float)


def _movement(present: Bools) -> Floats:
    """How many came in or went out since the step before: (evenings, STEPS)."""
    changes = np.diff(present.astype(int), axis=1, prepend=present[:, :1].astype(int))
    return np.abs(changes).sum(axis=-1).astype(float)


def _slowly(driver: Floats, keep: float) -> Floats:
    """What follows `driver` with a memory: each step keeps that share of the step before."""
    level = np.empty_like(driver)
    level[:, 0] = driver[:, 0]
    for step in range(1, driver.shape[1]):
        level[:, step] = keep * level[:, step - 1] + (1 - keep) * driver[:, step]
    return level


def _noise(rng: np.random.Generator, like: Floats, scale: float) -> Floats:
    return rng.normal(0.0, scale, like.shape)


def _rooms(occupancy: Floats, names: tuple[str, ...]) -> Floats:
    return occupancy[..., [ROOMS.index(name) for name in names]]


def motion(rng: np.random.Generator, present: Bools, occupancy: Floats) -> Floats:
    passing = np.stack([0.3 * occupancy.sum(axis=-1), _movement(present)], axis=-1)
    activity = np.concatenate([occupancy, passing], axis=-1)
    return 1 - np.exp(-0.7 * activity * rng.uniform(0.4, 1.4, activity.shape)) + _noise(rng, activity, 0.03)


def doors(rng: np.random.Generator, present: Bools, occupancy: Floats) -> Floats:
    share = rng.dirichlet((6.0, 1.0, 2.0), present.shape[:2])
    outer = share * _movement(present)[..., None]
    inner = _rooms(occupancy, ("kitchen", "bathroom", "bedroom", "study", "bedroom"))
    return np.concatenate([0.5 * outer, 0.25 * rng.poisson(inner)], axis=-1)


def windows(rng: np.random.Generator, present: Bools, occupancy: Floats) -> Floats:
    near = _rooms(occupancy, SIGNALS["window"])
    return (rng.random(near.shape) < 0.05 + 0.08 * near).astype(float)


def lights(rng: np.random.Generator, present: Bools, occupancy: Floats) -> Floats:
    ways = np.stack([occupancy.sum(axis=-1) > 1, _movement(present) > 0], axis=-1)
    wanted = np.concatenate([occupancy > 0, ways], axis=-1)
    forgotten = rng.random(wanted.shape) < 0.06
    dark = np.linspace(0.3, 1.0, STEPS)[None, :, None]
    return ((wanted & (rng.random(wanted.shape) < dark)) | forgotten).astype(float)


def sockets(rng: np.random.Generator, present: Bools, occupancy: Floats) -> Floats:
    near = _rooms(occupancy, tuple(room for room, _ in SOCKETS.values()))
    chance = np.array([chance for _, chance in SOCKETS.values()])
    on = rng.random(near.shape) < 1 - (1 - chance) ** near
    return 0.05 + 0.8 * on * rng.uniform(0.6, 1.1, near.shape)


def noises(rng: np.random.Generator, present: Bools, occupancy: Floats) -> Floats:
    near = _rooms(occupancy, SIGNALS["noise"])
    return 0.5 * np.log2(1 + near) + _noise(rng, near, 0.08)


def co2(rng: np.random.Generator, present: Bools, occupancy: Floats) -> Floats:
    near = _rooms(occupancy, SIGNALS["co2"])
    return -0.5 + 0.6 * _slowly(near, keep=0.6) + _noise(rng, near, 0.04)


def temperatures(rng: np.random.Generator, present: Bools, occupancy: Floats) -> Floats:
    warmth = 0.25 * _slowly(occupancy, keep=0.8) - 0.3
    return warmth + rng.normal(0.0, 0.15, (len(warmth), 1, 1)) + _noise(rng, warmth, 0.03)


def humidities(rng: np.random.Generator, present: Bools, occupancy: Floats) -> Floats:
    near = _rooms(occupancy, SIGNALS["humidity"])
    return 0.3 * _slowly(near, keep=0.5) - 0.2 + _noise(rng, near, 0.08)


def waters(rng: np.random.Generator, present: Bools, occupancy: Floats) -> Floats:
    users = _rooms(occupancy, ("kitchen", "kitchen", "bathroom", "bathroom"))
    return 0.4 * rng.poisson(users * (0.8, 0.6, 0.4, 0.9)) + rng.exponential(0.02, users.shape)


def wifi(rng: np.random.Generator, present: Bools, occupancy: Floats) -> Floats:
    awake = present & (rng.random(present.shape) < 0.55)
    phones = awake * rng.uniform(0.4, 1.0, present.shape)
    users = present.sum(axis=-1)
    devices = -0.6 + 0.12 * rng.poisson(4 + 1.2 * users)
    download = -0.4 + 0.2 * rng.gamma(1 + users)
    upload = -0.4 + 0.2 * rng.gamma(1 + 0.5 * users)
    return np.concatenate([np.stack([devices, download, upload], axis=-1), phones], axis=-1)


def weather(rng: np.random.Generator, present: Bools, occupancy: Floats) -> Floats:
    evenings = len(present)
    dusk = np.broadcast_to(np.linspace(0.6, -0.6, STEPS), (evenings, STEPS))
    season = rng.uniform(-0.4, 0.4, (evenings, 1))
    rain = rng.gamma(0.4, 0.5, (evenings, STEPS)) * (rng.random((evenings, 1)) < 0.3)
    wind = rng.normal(0.0, 0.3, (evenings, 1)) + rng.normal(0.0, 0.1, (evenings, STEPS))
    return np.stack([season + 0.3 * dusk, season + dusk, rain, wind], axis=-1)


SENSORS: dict[str, Callable[[np.random.Generator, Bools, Floats], Floats]] = {
    "motion": motion,
    "door": doors,
    "window": windows,
    "light": lights,
    "socket": sockets,
    "noise": noises,
    "co2": co2,
    "temperature": temperatures,
    "humidity": humidities,
    "water": waters,
    "wifi": wifi,
    "weather": weather,
}


# What is missing. A step at which the house's hub was off has -99 in all signals; a step at which only the weather
# station was off has -99 in its four signals alone, and Masking does not skip it.


def trailing(rng: np.random.Generator) -> Bools:
    return np.arange(STEPS) < rng.integers(3, STEPS)


def leading(rng: np.random.Generator) -> Bools:
    return np.arange(STEPS) >= rng.integers(1, 6)


def holes(rng: np.random.Generator) -> Bools:
    seen = np.ones(STEPS, bool)
    seen[rng.choice(np.arange(1, STEPS - 1), rng.integers(1, 5), replace=False)] = False
    return seen


def mixed(rng: np.random.Generator) -> Bools:
    seen = holes(rng)
    seen[: rng.integers(1, 3)] = False
    seen[STEPS - rng.integers(0, 3) :] = False
    return seen


def complete(rng: np.random.Generator) -> Bools:
    return np.ones(STEPS, bool)


def silent(rng: np.random.Generator) -> Bools:
    return np.zeros(STEPS, bool)


def patterns(rng: np.random.Generator, count: int) -> Bools:
    """Which steps were seen, (count, STEPS), in the mixture that the network is trained on."""
    kinds: Iterator[Callable[[np.random.Generator], Bools]] = cycle(
        (trailing, complete, trailing, leading, trailing, holes, complete, mixed)
    )
    return np.stack([kind(rng) for kind, _ in zip(kinds, range(count), strict=False)])


def weather_station_off(rng: np.random.Generator, count: int) -> Bools:
    """Steps at which the weather station alone is silent: on one evening in ten, two steps in five."""
    evening = rng.random((count, 1)) < 0.1
    return evening & (rng.random((count, STEPS)) < 0.4)


def hide(signals: Floats, seen: Bools, station_off: Bools) -> NDArray[np.float32]:
    """The signals as they reach the network, -99 where nothing came in."""
    weather_columns = np.array([name.startswith("weather.") for name in NAMES])
    missing = ~seen[..., None] | (station_off[..., None] & weather_columns)
    return np.where(missing, MISSING, signals).astype(np.float32)


def last_seen(people: Floats, seen: Bools) -> Floats:
    """The number of people at the last step that was seen, (evenings,)."""
    last = STEPS - 1 - seen[:, ::-1].argmax(axis=1)
    return people[np.arange(len(people)), last]
