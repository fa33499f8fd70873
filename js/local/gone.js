/**
 * What stays of a Region's API when its process has ended: API Gateway, which answers as an HTTP
 * API does whose function cannot be reached.
 */
import { createServer } from 'node:http';

/**
 * @param {number} port where the API was
 * @returns {{ close: () => void }}
 */
export function answerFor(port) {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(503, { 'content-type': 'application/json' });
    response.end('{"message":"Service Unavailable"}');
  });
  // Where the port is not free, connections are refused, and the local CloudFront answers 502.
  server.on('error', () => {});
  server.listen(port, '127.0.0.1');
  return {
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
