/**
 * New traces as server-sent events (HTML, section 9.2).
 */
import { summaryOf } from '../trace/json.js';
import { COMMON_HEADERS } from './requests.js';

/** A proxy or a browser may give up a connection on which nothing comes. */
const HEARTBEAT_MS = 15_000;

/** More than this unsent: the reader is too slow. It asks for the list when it comes back. */
const MOST_UNSENT = 1024 * 1024;

/** Everyone who reads the stream. */
export class Stream {
  /** @type {Set<import('node:http').ServerResponse>} */
  #readers = new Set();
  #heartbeat;
  #unsubscribe;

  /** @param {import('../trace/traces.js').Traces} traces */
  constructor(traces) {
    this.#unsubscribe = traces.subscribe((record) => {
      if (this.#readers.size > 0) {
        this.#send(
          `event: trace\nid: ${record.id}\ndata: ${JSON.stringify(summaryOf(record))}\n\n`,
        );
      }
    });
    this.#heartbeat = setInterval(() => this.#send(':\n\n'), HEARTBEAT_MS).unref();
  }

  /**
   * @param {import('node:http').IncomingMessage} _request
   * @param {import('node:http').ServerResponse} response
   */
  open(_request, response) {
    response.writeHead(200, { ...COMMON_HEADERS, 'content-type': 'text/event-stream' });
    response.write('retry: 1000\n\n');
    this.#readers.add(response);
    response.once('close', () => this.#readers.delete(response));
  }

  /** Sends no more. The connections are the server's to close. */
  close() {
    clearInterval(this.#heartbeat);
    this.#unsubscribe();
  }

  /** @param {string} text */
  #send(text) {
    for (const reader of this.#readers) {
      if (reader.writableLength > MOST_UNSENT) reader.destroy();
      else reader.write(text);
    }
  }
}
