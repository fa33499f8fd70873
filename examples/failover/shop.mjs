/** The shop in one Region: `node shop.mjs Ireland 4001`. */
import { createServer } from 'node:http';

const [name, port] = process.argv.slice(2);
createServer(({ headers, url }, response) => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ from: name, url, currency: headers['x-currency'] }));
}).listen(Number(port), '127.0.0.1');
