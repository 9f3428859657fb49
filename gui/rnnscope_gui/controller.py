"""Carries out the commands: asks what has to be asked, and hands the work to the session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QSettings
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMessageBox, QWidget

from rnnscope.errors import RnnscopeError
from rnnscope.semantics import Semantics
from rnnscope_gui import dialogs, saved, writing
from rnnscope_gui.examples import VIEWS, example
from rnnscope_gui.export_dialog import ExportDialog
from rnnscope_gui.exporting import Wanted, copied, exported, sides_of
from rnnscope_gui.navigate import Move
from rnnscope_gui.opening import ORDER, Request
from rnnscope_gui.palette import Palette
from rnnscope_gui.picture import save_widget
from rnnscope_gui.reader import Kind
from rnnscope_gui.resolve import settled
from rnnscope_gui.rule_dialog import RuleDialog
from rnnscope_gui.session import Session
from rnnscope_gui.sides import chosen_finding
from rnnscope_gui.state import AppState, Choice, Message, Rule, View

FILTERS = {
    "model": "Keras models (*.keras *.h5 *.hdf5 *.json);;All files (*)",
    "input": "Inputs (*.npy *.npz *.h5 *.hdf5 *.csv);;All files (*)",
    "reference": "Stored Keras values (*.npz *.h5 *.hdf5 *.npy *.csv);;All files (*)",
    "mine": "Your own numbers (*.npy *.npz *.h5 *.hdf5 *.csv);;All files (*)",
}
TITLES = {
    "model": "Open model",
    "input": "Open input",
    "reference": "Open Keras values",
    "mine": "Open your own port’s numbers",
}


class Controller:
    """What every command does, to the session and in front of the window."""

    def __init__(self, session: Session, settings: QSettings, window: QWidget) -> None:
        self._session, self._settings, self._window = session, settings, window

    @property
    def state(self) -> AppState:
        return self._session.state

    def open(self, paths: Sequence[str], view: View | None = None, kinds: Sequence[Kind | None] = ()) -> None:
        """Open files together, each as its kind where that is known."""
        if len(paths) == 1 and paths[0].endswith(saved.SUFFIX):
            self.restore(paths[0])
            return
        known = [*kinds, *[None] * (len(paths) - len(kinds))]
        self._session.open([Request(path, kind) for path, kind in zip(paths, known, strict=True)], view)

    def go(self, move: Move) -> None:
        scene = self.state.scene
        self.state.show(settled(scene.document, move(scene)))

    def ask_open(self, kind: Kind) -> None:
        folder = str(self._settings.value("folder", ""))
        path, _ = QFileDialog.getOpenFileName(self._window, TITLES[kind], folder, FILTERS[kind])
        if path:
            self._settings.setValue("folder", str(Path(path).parent))
            self.open([path], kinds=[kind])

    def open_example(self, name: str) -> None:
        view = replace(VIEWS[name], theme=self.state.view.theme, layout=self.state.view.layout)
        paths = example(name)
        self.open(paths, view, ORDER[: len(paths)])

    def take(self, choice: Choice) -> None:
        """Take a file for the other thing that it may be."""
        self._session.open_instead(choice)

    def close_files(self) -> None:
        self._session.close_files()

    def quit(self) -> None:
        self._window.close()

    def cancel(self) -> None:
        self._session.cancel()

    def compare_again(self) -> None:
        self._session.compare_again()

    def read_as(self, semantics: Semantics | None) -> None:
        self._session.read_as(semantics)

    def look_through_lens(self) -> None:
        self._session.look_through_lens()

    def bypass_lambda(self) -> None:
        self._session.bypass_lambda()

    def explain(self) -> None:
        self._session.explain()

    def copy_fix(self) -> None:
        scene = self.state.scene
        finding = chosen_finding(scene.document, scene.view)
        if finding is not None:
            QGuiApplication.clipboard().setText(finding.fix)
            self._session.tell(Message("The fix is on the clipboard.", "note"))

    def ask_rule(self) -> None:
        RuleDialog(self.state.scene.document.rule, self.judge_by, self._window).open()

    def judge_by(self, rule: Rule) -> None:
        self._session.judge_by(rule)

    def ask_sample(self) -> None:
        trace = self.state.scene.document.trace
        if trace is None:
            return
        last, here = trace.batch_size - 1, self.state.view.sample
        sample, chosen = QInputDialog.getInt(self._window, "Go to sample", f"Sample, 0 to {last}:", here, 0, last)
        if chosen:
            self.go(lambda scene: replace(scene.view, sample=sample))

    def open_session(self) -> None:
        chosen = f"Sessions (*{saved.SUFFIX});;All files (*)"
        path, _ = QFileDialog.getOpenFileName(self._window, "Open session", self._folder, chosen)
        if path:
            self.restore(path)

    def restore(self, path: str) -> None:
        """Open what a session file names; where a file is gone, ask where it is now, and restore the rest."""
        try:
            session = saved.load(path)
        except RnnscopeError as error:
            self._session.tell(Message(str(error)))
            return
        files, lost = dict(session.files), []
        for kind, place in session.missing.items():
            name = Path(place).name
            found, _ = QFileDialog.getOpenFileName(self._window, f"Where is {name} now?", str(Path(path).parent))
            if found:
                files[kind] = found
            else:
                lost.append(f"{name} is not where it was, and was left out.")
        requests = [Request(place, kind) for kind, place in files.items()]
        notes = " ".join((*lost, *session.notes))
        self._session.restore(requests, session.read_as, session.view, notes)

    def save_session(self) -> None:
        name = Path(self.state.scene.document.model_path).stem + saved.SUFFIX
        chosen = f"Sessions (*{saved.SUFFIX})"
        path, _ = QFileDialog.getSaveFileName(self._window, "Save session", str(Path(self._folder) / name), chosen)
        if not path:
            return
        path = path if Path(path).suffix else path + saved.SUFFIX
        scene = self.state.scene
        try:
            saved.save(scene.document, scene.view, path)
        except RnnscopeError as error:
            self._session.tell(Message(str(error)))
            return
        self._session.tell(Message(f"Written: {path}", "note"))

    def export_data(self) -> None:
        scene = self.state.scene
        sides = sides_of(scene.document, scene.view)
        if sides:
            ExportDialog(sides, scene, self._export, self._window).open()

    def _export(self, wanted: Wanted) -> None:
        self._session.write("Writing the data", exported(wanted, self.state.view))

    def copy_data(self) -> None:
        scene = self.state.scene
        sides = sides_of(scene.document, scene.view)
        if sides:
            text, words = copied(scene.document, scene.view, sides[-1])
            QGuiApplication.clipboard().setText(text)
            self._session.tell(Message(f"On the clipboard: {words}", "note"))

    def show_palette(self) -> None:
        Palette({action.objectName(): action for action in self._window.actions()}, self._window).open()

    @property
    def _folder(self) -> str:
        return str(self._settings.value("folder", ""))

    def save_picture(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self._window, "Save picture", "rnnscope.png", "PNG pictures (*.png)")
        if not path:
            return
        try:
            save_widget(self._window, path)
        except OSError as error:
            self._session.tell(Message(f"{Path(path).name}: cannot be written: {error.strerror or error}"))

    def copy_picture(self) -> None:
        QGuiApplication.clipboard().setPixmap(self._window.grab())

    def copy_command(self) -> None:
        words = writing.command_of(self.state.scene.document, self.state.view)
        QGuiApplication.clipboard().setText(words)
        self._session.tell(Message(f"On the clipboard: {words}", "note"))

    def write_script(self) -> None:
        folder = QFileDialog.getExistingDirectory(self._window, "Write predict.py and its weights into this folder")
        if not folder:
            return
        there = writing.script_there(folder)
        if there and not self._confirms(f"{Path(folder).name} has {there} already. Replace it?"):
            return
        self._session.write("Writing the script", writing.script_into(folder, force=bool(there)))

    def save_report(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self._window, "Save report", "rnnscope.html", "HTML pages (*.html)")
        if path:
            self._session.write("Writing the report", writing.report_to(path, self.state.view))

    def _confirms(self, question: str) -> bool:
        button = QMessageBox.StandardButton
        return QMessageBox.question(self._window, "rnnscope", question, button.Yes | button.No) == button.Yes

    def show_shortcuts(self) -> None:
        dialogs.shortcuts(self._window).open()

    def show_about(self) -> None:
        dialogs.about(self._window).open()
