"""The U-Net of FP 2.2 in Keras 3."""

from __future__ import annotations

from typing import Any


def build_unet(
    window: int = 32, base_width: int = 8, noise: float = 0.1, dropout: float = 0.2, channels: int = 1
) -> Any:
    """Build the network (FP 2.2, Fig. 1).

    Gaussian noise on the input (training only); four down blocks of two 3x3 convolutions, 2x2 max-pooling and
    dropout; a double convolution at the bottom; four up blocks of transposed convolution, concatenation with the
    skip, dropout and two convolutions; a 1x1 convolution with a sigmoid.

    Parameters
    ----------
    window : int
        Side of the input in pixels, a multiple of 16.
    base_width : int
        Filters of the first block, doubled by each further one (8: 0.5 million weights, 16: 2.2 million).
    noise : float
        Standard deviation of the input noise.
    dropout : float
        Share of dropped activations.
    channels : int
        Input channels.

    Returns
    -------
    keras.Model
        Maps (n, window, window, channels) to (n, window, window, 1) probabilities.
    """
    from keras import Model, layers

    def double_conv(x: Any, width: int, name: str) -> Any:
        for part in ("a", "b"):
            x = layers.Conv2D(
                width,
                3,
                padding="same",
                activation="relu",
                kernel_initializer="he_normal",
                name=f"{name}_conv_{part}",
            )(x)
        return x

    inputs = layers.Input((window, window, channels), name="column")
    x = layers.GaussianNoise(noise, name="noise")(inputs)
    skips = []
    for level in range(4):
        x = double_conv(x, base_width * 2**level, f"down_{level}")
        skips.append(x)
        x = layers.MaxPooling2D(2, name=f"down_{level}_pool")(x)
        x = layers.Dropout(dropout, name=f"down_{level}_dropout")(x)
    x = double_conv(x, base_width * 16, "bottom")
    for level in reversed(range(4)):
        width = base_width * 2**level
        x = layers.Conv2DTranspose(width, 3, strides=2, padding="same", name=f"up_{level}_transpose")(x)
        x = layers.Concatenate(name=f"up_{level}_skip")([x, skips[level]])
        x = layers.Dropout(dropout, name=f"up_{level}_dropout")(x)
        x = double_conv(x, width, f"up_{level}")
    outputs = layers.Conv2D(1, 1, activation="sigmoid", dtype="float32", name="probability")(x)
    return Model(inputs, outputs, name=f"unet_{base_width}")
