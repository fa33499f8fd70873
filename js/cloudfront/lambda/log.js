/**
 * What an environment writes to its standard output and error, in lines.
 *
 * Both are one file: Node writes to files synchronously, so that whatever a function wrote before
 * it answered is there when the answer is, in order. (To a pipe it may still be writing.) The file
 * has no name, so that nothing is left of it, however this process ends.
 */
import { randomUUID } from 'node:crypto';
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Most bytes that are given at a time: a function may log in an endless loop. */
const MAX_TAKEN = 1_048_576;
/** Most bytes that the file may hold before it is emptied. */
const MAX_FILE = 16 * MAX_TAKEN;

export class Log {
  /** For the process to write to; opened for appending. */
  fd = open();
  /** Bytes of the file that were taken. */
  #taken = 0;
  /** Bytes that were emptied out before they could be taken. */
  #dropped = 0;
  /** @type {string[] | undefined} what was left when it was closed */
  #last;

  /** @returns {string[]} the lines so far, each given once, without empty ones */
  take() {
    if (this.#last) return this.#last.splice(0);
    const size = fstatSync(this.fd).size - this.#taken;
    const bytes = Buffer.alloc(Math.min(size, MAX_TAKEN));
    const length = readSync(this.fd, bytes, 0, bytes.length, this.#taken);
    this.#taken += size;
    const lines = bytes.toString('utf8', 0, length).split('\n');
    const dropped = this.#dropped + size - length;
    this.#dropped = 0;
    if (dropped > 0) lines.push(`… and ${dropped} more bytes`);
    this.trim();
    return lines.filter((line) => line !== '');
  }

  /** Empties the file if it is large; to be called now and then while a function runs. */
  trim() {
    const { size } = fstatSync(this.fd);
    if (size <= MAX_FILE) return;
    ftruncateSync(this.fd);
    this.#dropped += size - this.#taken;
    this.#taken = 0;
  }

  /** Keeps what was not taken yet, for the last `take`. */
  close() {
    this.#last = this.take();
    closeSync(this.fd);
  }
}

function open() {
  const path = join(tmpdir(), `nearhop-log-${randomUUID()}`);
  const fd = openSync(path, 'ax+', 0o600);
  unlinkSync(path);
  return fd;
}
