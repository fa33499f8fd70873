"""Runs ministack until standard input ends, so that it never outlives the process that started it,
however that ended. The environment says on which port, and where its state lies (ministack.js)."""

import os
import signal
import sys
import threading

from ministack.app import main


def end_with_parent():
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


threading.Thread(target=end_with_parent, daemon=True).start()
sys.argv = ["ministack"]
main()
