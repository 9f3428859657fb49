"""The workbench behind the window: opens files, runs, compares, and keeps the scene up to date."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, Signal, Slot

from rnnscope.semantics import Semantics
from rnnscope_gui.experimenting import Experimenter
from rnnscope_gui.jobs import Jobs, Reporter
from rnnscope_gui.judging import explained, judged, looked
from rnnscope_gui.opening import Outcome, Request, open_files
from rnnscope_gui.read_as import ReadAs
from rnnscope_gui.reader import Kind, Reader
from rnnscope_gui.resolve import settled
from rnnscope_gui.state import AppState, Busy, Choice, Document, Message, Rule, View


class Session(QObject):
    """Owns the state, the jobs and the reader process. `idle` is emitted whenever no work is left."""

    idle = Signal()

    def __init__(self, parent: QObject | None = None, *, read_as: ReadAs | None = None) -> None:
        super().__init__(parent)
        self.state = AppState(self)
        self._read_as = read_as or ReadAs()
        self._reader = Reader()
        self._jobs = Jobs(self)
        self._jobs.done.connect(self._take)
        self._jobs.failed.connect(self._fail)
        self._jobs.progressed.connect(self._progress)
        self._jobs.idle.connect(self._rest)
        self._experimenter = Experimenter(self.state, self)
        self._experimenter.idle.connect(self._rest)
        self._wanted: View | None = None
        self._judging = False

    def warm_up(self) -> None:
        """Start the reader process while the window is being built."""
        self._reader.warm_up()

    def open(self, requests: Sequence[Request], view: View | None = None) -> None:
        """Open files together; `view` is what to show of them once they are there."""
        if requests:
            self._open(requests, self._read_as, view)

    def restore(self, requests: Sequence[Request], read_as: ReadAs, view: View, notes: str) -> None:
        """Open the files of a session in place of what is open, and show them as it did."""
        self._jobs.cancel()
        code = self._read_as.code  # what the person let run at the start; a session brings none
        self._read_as = replace(read_as, code=code)
        quiet = replace(view, playing=False)
        scene = self.state.scene
        document = Document(rule=scene.document.rule)
        self.state.set(replace(scene, document=document, view=quiet, message=None, busy=None))
        self._open(requests, self._read_as, quiet, notes)

    def read_as(self, semantics: Semantics | None) -> None:
        """Read the open model again by the rules of this Keras; by those that its file asks for when there is None."""
        document = self.state.scene.document
        if document.model is not None:
            self._open([Request(document.model_path, "model")], document.read_as.by(semantics), None)

    def bypass_lambda(self) -> None:
        """Read the open model again with its Lambda layers passed by, or again with them in the way."""
        document = self.state.scene.document
        if document.model is not None:
            how = replace(document.read_as, bypass_lambda=not document.read_as.bypass_lambda)
            self._open([Request(document.model_path, "model")], how, None)

    def look_through_lens(self) -> None:
        """Run the open model by the rules of every Keras that there is a reading for."""
        document, reads = self.state.scene.document, self._reader.read
        if document.trace is None:
            return
        self._look_into("Reading the file as other Kerases would", lambda reporter: looked(document, reads, reporter))

    def explain(self) -> None:
        """Find the mistakes that turn the model into the port's numbers."""
        document = self.state.scene.document
        if document.mine is not None:
            self.state.show(replace(self.state.view, finding=0, mistaken=True, apart="auto"))
            self._look_into("Making every known mistake", lambda reporter: explained(document, reporter))

    def write(self, what: str, task: Callable[[Document, Reporter], Message]) -> None:
        """Write something about what is open, off the GUI thread; the message tells where it went."""
        document = self.state.scene.document
        self._look_into(what, lambda reporter: Outcome(document, task(document, reporter)))

    def judge_by(self, rule: Rule) -> None:
        """Compare again, by another rule."""
        scene = self.state.scene
        if rule == scene.document.rule:
            return
        document = replace(scene.document.without_verdicts(), rule=rule)
        self.state.set(replace(scene, document=document))
        self._judging = False
        self.compare_again()

    def _look_into(self, words: str, job: Callable[[Reporter], Outcome]) -> None:
        """Find out more about what is open; a comparison that this interrupts goes on afterwards."""
        self._judging = False
        self._busy(words)
        self._jobs.start(job)

    def _open(self, requests: Sequence[Request], read_as: ReadAs, view: View | None, notes: str = "") -> None:
        document, reader = self.state.scene.document, self._reader
        self._wanted, self._judging = view, False
        if view is not None:
            self.state.show(_looking(self.state.view, view))
        names = ", ".join(request.path.replace("\\", "/").rsplit("/", 1)[-1] for request in requests)
        self._busy(f"Opening {names}")

        def job(reporter: Reporter) -> Outcome:
            outcome = open_files(document, requests, reader.read, reporter, read_as)
            return replace(outcome, message=Message(notes, "note")) if notes and outcome.message is None else outcome

        self._jobs.start(job)

    def close_files(self) -> None:
        """Close everything that is open."""
        self._jobs.cancel()
        self._show(Document(rule=self.state.scene.document.rule), None)

    def open_instead(self, choice: Choice) -> None:
        """Open a file again as the other thing that it may be, and no longer as what it was taken for."""
        scene = self.state.scene
        document = scene.document
        if document.reference_path == choice.path and choice.kind == "mine":
            document = replace(document, reference=None, reference_path="", comparison=None, port=None)
        if document.mine_path == choice.path and choice.kind == "reference":
            document = document.without_mine()
        self.state.set(replace(scene, document=document, message=None))
        self.open([Request(choice.path, choice.kind)])

    def cancel(self) -> None:
        """Stop the work under way; what is open stays as it is, and a comparison that it interrupted goes on."""
        comparing, self._judging, self._wanted = self._judging, False, None
        self._jobs.cancel()
        if comparing:
            self.tell(Message("The comparison was stopped. Compare again with Ctrl+R.", "note"))
        else:
            self.compare_again()

    def compare_again(self) -> None:
        """Compare what is open, where that has not been done."""
        document = self.state.scene.document
        if document.unjudged and not self._judging:
            self._judging = True
            self._judge(document, frozenset())

    def dismiss(self) -> None:
        """Take the message away."""
        self.state.set(replace(self.state.scene, message=None))

    def tell(self, message: Message) -> None:
        """Show a message."""
        self.state.set(replace(self.state.scene, message=message))

    def shut_down(self) -> None:
        """Stop all work and wait for it; nothing may run when the window is gone."""
        self._jobs.close()
        self._experimenter.close()
        self._reader.close()

    @property
    def working(self) -> bool:
        return self._jobs.running or self._experimenter.running

    @Slot(object)
    def _take(self, outcome: Outcome) -> None:
        # The comparison brings its own news or none, and leaves standing what opening the files said.
        judging, self._judging = self._judging, outcome.judge
        self._show(outcome.document, outcome.message or (self.state.scene.message if judging else None))
        if outcome.judge:
            self._judge(outcome.document, outcome.fresh, outcome.before)
        elif not judging:
            self.compare_again()

    @Slot(object)
    def _fail(self, text: str) -> None:
        self._wanted = None
        self.state.set(replace(self.state.scene, message=Message(text), busy=None))
        # The file that failed has interrupted the comparison of what is open.
        self.compare_again()

    @Slot(object)
    def _progress(self, fraction: float) -> None:
        busy = self.state.scene.busy
        if busy is not None:
            self.state.set(replace(self.state.scene, busy=replace(busy, fraction=fraction)))

    @Slot()
    def _rest(self) -> None:
        if self._jobs.running:
            return
        if self.state.scene.busy is not None:
            self.state.set(replace(self.state.scene, busy=None))
        if not self.working:
            self.idle.emit()

    def _judge(self, document: Document, fresh: frozenset[Kind], before: Document | None = None) -> None:
        self._busy("Running without the mask" if document.reference is None and document.mine is None else "Comparing")
        self._jobs.start(lambda reporter: judged(document, fresh, reporter, before))

    def _busy(self, text: str) -> None:
        self.state.set(replace(self.state.scene, busy=Busy(text)))

    def _show(self, document: Document, message: Message | None) -> None:
        scene = self.state.scene
        view = scene.view if self._wanted is None else _looking(self._wanted, scene.view)
        if self._wanted is None and document.model_path != scene.document.model_path:
            view = replace(view, mask=None)
        if document.trace is not None:
            self._wanted = None
        if document.trace is not scene.document.trace:
            view = replace(view, steps=None)
        self.state.set(replace(scene, document=document, view=settled(document, view), message=message, busy=None))


def _looking(view: View, like: View) -> View:
    """`view` in the colours and arrangement of another: what a person chose while files were opening stays."""
    return replace(view, theme=like.theme, layout=like.layout, scale=like.scale, colour_map=like.colour_map)
