"""Keras' side of `keras_vgg.py`, run with the Python of `.venv-keras`: the predecessor's `vgg_like` network,
trained as a Keras user would.

    # with images.npy and labels.npy; prints one line of JSON
    .venv-keras/bin/python benchmarks/keras_vgg_side.py DIRECTORY
"""

import json
import sys
import time
from pathlib import Path

import keras
import numpy as np
from keras import layers

EPOCHS, BS, LR = (int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))


def pair(n):
    "Two 'same' convolutions, each with ReLU and batch norm; then half the resolution."
    found = []
    for _ in range(2):
        found.append(layers.Conv2D(n, 3, padding="same", activation="relu"))
        found.append(layers.BatchNormalization())
    return [*found, layers.MaxPooling2D(), layers.Dropout(0.25)]


def main():
    "Warm up on a few batches, then time whole epochs."
    folder = Path(sys.argv[1])
    x = np.load(folder / "images.npy")[..., None].astype("float32") / 127.5 - 1
    y = np.load(folder / "labels.npy")
    model = keras.Sequential(
        [
            keras.Input(x.shape[1:]),
            *pair(32),
            *pair(64),
            layers.Flatten(),
            layers.Dense(512, activation="relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
            layers.Dense(10),
        ]
    )
    model.compile(
        keras.optimizers.Adam(LR), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    few = 4 * BS + len(x) % BS  # the last batch of an epoch is a short one
    model.fit(x[:few], y[:few], batch_size=BS, verbose=0)
    start = time.perf_counter()
    log = model.fit(x, y, batch_size=BS, epochs=EPOCHS, verbose=0)
    seconds = time.perf_counter() - start
    n_params = int(sum(np.prod(w.shape) for w in model.trainable_weights))
    print(
        json.dumps(
            dict(
                seconds=seconds,
                n_params=n_params,
                loss=log.history["loss"][-1],
                version=keras.__version__,
            )
        )
    )


if __name__ == "__main__":
    main()
