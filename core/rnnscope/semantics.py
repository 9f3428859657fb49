"""Which Keras a file is read as: the version and backend whose rules the engine follows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from rnnscope.errors import BadInput

BACKENDS = ("tensorflow", "jax", "numpy", "torch", "theano", "cntk")
RELEASE = re.compile(r"(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?[\w.+-]*", re.ASCII)


@dataclass(frozen=True)
class Semantics:
    """The Keras version and backend whose rules decide where Kerases differ.

    `keras_version` is the text that the file carries, such as ``"3.15.1"`` or ``"2.2.4-tf"``. `backend` is one of
    `BACKENDS`; a ``.keras`` file does not record it, so TensorFlow is assumed unless the caller says otherwise.

    Four lines of Keras matter: 1; 2.0–2.3, on several backends; the Keras inside TensorFlow, from ``2.1.6-tf`` on and
    2.4–2.15 (tf-keras since); and 3.
    """

    keras_version: str = "3.15.1"
    backend: str = "tensorflow"

    def __post_init__(self) -> None:
        if self.backend not in BACKENDS:
            raise BadInput("unknown backend", expected=" or ".join(BACKENDS), found=repr(self.backend))
        if RELEASE.fullmatch(self.keras_version) is None or not 1 <= self.release[0] <= 3:
            raise BadInput("unknown Keras version", expected="a version such as 3.15.1", found=repr(self.keras_version))

    @cached_property
    def release(self) -> tuple[int, int, int]:
        """Major, minor and patch number of the Keras version."""
        numbers = RELEASE.fullmatch(self.keras_version)
        assert numbers is not None
        major, minor, patch = numbers.groups("0")
        return int(major), int(minor), int(patch)

    @property
    def version(self) -> tuple[int, int]:
        """Major and minor number of the Keras version."""
        return self.release[:2]

    @property
    def is_keras1(self) -> bool:
        return self.version < (2, 0)

    @property
    def is_keras3(self) -> bool:
        return self.version >= (3, 0)

    @property
    def is_tf_keras(self) -> bool:
        """Whether this is the Keras inside TensorFlow, before Keras 3."""
        return not self.is_keras3 and (self.version >= (2, 4) or "-tf" in self.keras_version)

    @property
    def is_multi_backend_2(self) -> bool:
        """Whether this is Keras 2.0–2.3 of its own, outside TensorFlow."""
        return (2, 0) <= self.version < (3, 0) and not self.is_tf_keras

    @property
    def is_tensorflow1(self) -> bool:
        """Whether this is the Keras inside TensorFlow 1, whose LSTM and GRU had the older defaults."""
        return self.is_tf_keras and self.release < (2, 2, 4)

    @property
    def masked_output_repeats(self) -> bool:
        """Whether a rolled loop repeats the previous *output* at a masked step; otherwise it gives ``states[0]``.

        Keras 3 on TensorFlow and PyTorch, tf-keras from TensorFlow 1.13 on, Keras 2.3, and Theano ever repeat; before
        the first valid step the previous output is zero, while ``states[0]`` is the initial state.
        """
        if self.is_keras3:
            return self.backend in ("tensorflow", "torch")
        if self.is_tf_keras:
            return not self.is_tensorflow1
        return self.version >= (2, 3) or self.backend == "theano"

    @property
    def hard_sigmoid_is_relu6(self) -> bool:
        """Whether ``hard_sigmoid`` is relu6(x + 3) / 6, as in Keras 3; before, it was clip(0.2·x + 0.5, 0, 1)."""
        return self.is_keras3

    @property
    def merged_masks_join_by_or(self) -> bool:
        """Whether merging layers join masks by OR, and have none when any input is unmasked; Keras 2 took AND."""
        return self.version >= (3, 4)

    @property
    def lists_carry_masks(self) -> bool:
        """Whether the masks of a list of tensors pass on; Keras 3.0–3.3 looked for one on the list itself."""
        return not self.is_keras3 or self.version >= (3, 4)

    @property
    def heads_heed_masks(self) -> bool:
        """Whether MultiHeadAttention heeds the masks of its tensors, and passes one on; before 2.10 it did not."""
        return self.version >= (2, 10)

    @property
    def heads_unmask(self) -> bool:
        """Whether MultiHeadAttention takes the masks off the tensors that it is given (from Keras 3.8 on).

        Who reads them afterwards finds none. So in a stack of blocks, each adding what it attends to, only the first is
        masked.
        """
        return self.version >= (3, 8)

    @property
    def bias_goes_to_channels(self) -> bool:
        """Whether a bias is added along what looks like the channels, whichever axis it stands on (see `add_bias`)."""
        return self.version >= (3, 7) and self.backend == "tensorflow"

    @property
    def initial_state_hides_mask(self) -> bool:
        """Whether a layer called with a second tensor, such as `initial_state`, is not handed its mask (Keras 3)."""
        return self.is_keras3

    @property
    def bidirectional_zeroes_masked(self) -> bool:
        """Whether Bidirectional forces zeros at masked steps of both directions: from TensorFlow 1.13 on."""
        return self.is_keras3 or (self.is_tf_keras and not self.is_tensorflow1)

    @property
    def masks_align_right(self) -> bool:
        """Whether a rolled loop lays a step's mask on the last axes of a value (Keras 3 on JAX and NumPy)."""
        return self.is_keras3 and self.backend in ("jax", "numpy")

    @property
    def gate_activation(self) -> str:
        """The default `recurrent_activation` of LSTM and GRU, where a configuration has none."""
        older = self.is_keras1 or self.is_tensorflow1 or (self.is_multi_backend_2 and self.version < (2, 3))
        return "hard_sigmoid" if older else "sigmoid"

    @property
    def convolutional_gate_activation(self) -> str:
        """The default `recurrent_activation` of ConvLSTM, where a configuration has none."""
        return "sigmoid" if self.is_keras3 else "hard_sigmoid"

    @property
    def gru_resets_after(self) -> bool:
        """The default `reset_after` of GRU, where a configuration has none."""
        return self.is_keras3 or (self.is_tf_keras and not self.is_tensorflow1)

    @property
    def stacked_states_reversed(self) -> bool:
        """Whether StackedRNNCells lists the states of its uppermost cell first (Keras up to 2.1.6)."""
        return self.is_multi_backend_2 and self.release <= (2, 1, 6)

    @property
    def carried_states_win(self) -> bool:
        """Whether a stateful layer called with `initial_state` prefers its own states unless they are zero."""
        return self.is_tf_keras and not self.is_tensorflow1

    @property
    def time_distributed_hands_mask_in(self) -> bool:
        """Whether TimeDistributed gives the inner layer its part of a mask (from Keras 2.2 on)."""
        return self.version >= (2, 2) or self.is_tensorflow1

    @property
    def time_distributed_asks_inner_for_mask(self) -> bool:
        """Whether TimeDistributed passes on what the inner layer makes of the mask (Keras 2.2 to 2.15)."""
        return self.time_distributed_hands_mask_in and not self.is_keras3

    @property
    def identity_passes_mask(self) -> bool:
        """Whether an Identity layer hands its mask on."""
        return self.is_keras3

    @property
    def softmax_heeds_mask(self) -> bool:
        """Whether a Softmax layer is handed its mask; in TensorFlow's Keras it is from 2.4 on."""
        return self.version >= (2, 4)

    @property
    def softmax_zeroes_masked(self) -> bool:
        """Whether masked places of a Softmax layer are zero even where everything is masked."""
        return self.version >= (3, 10)

    @property
    def dots_keep_middle_axes(self) -> bool:
        """Whether Dot multiplies every row of one tensor by every column of the other, whatever their rank.

        Before, tensors of four axes were multiplied matrix by matrix on TensorFlow; Theano always did as is done now.
        """
        return self.version >= (2, 3) or self.backend == "theano"

    @property
    def negative_indices_wrap(self) -> bool:
        """Whether an index of −1 means an Embedding's last row; TensorFlow by itself has it an error."""
        return self.is_keras3 or self.backend == "theano"

    @property
    def vocabulary_ends_with_text(self) -> bool:
        """Whether empty lines at the end of a vocabulary's file are no tokens (3.14; before, they were)."""
        return self.release >= (3, 14, 0)

    def __str__(self) -> str:
        return f"Keras {self.keras_version} on {self.backend}"
