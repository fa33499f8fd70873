/**
 * Origin groups: two legs for one request.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deafServer, refusingServer } from './origin-servers.js';
import { ALL_METHODS, API, PASS, SPARE, distribution } from './serving.js';

const V = 'viewer-request';
const Q = 'origin-request';
const R = 'origin-response';
const W = 'viewer-response';

/** Answers with the status that the path names. @type {import('node:http').RequestListener} */
const asAsked = ({ url = '' }, response) => {
  response.statusCode = Number(url.slice(1)) || 200;
  response.end('primary');
};
/** @type {import('node:http').RequestListener} */
const spare = ({ method }, response) => void response.end(`spare ${method}`);

describe('an origin group', { timeout: 120_000 }, () => {
  it('F3, F4: turns to its second origin, and both origin triggers run twice', async (test) => {
    const { trace } = await distribution(test, {
      at: {
        ...PASS,
        [Q]: `
          console.log(request.origin.custom.domainName, request.headers.host[0].value);
          return request;`,
        [R]: 'console.log(request.origin.custom.domainName, response.status); return response;',
      },
      api: asAsked,
      spare,
      failover: [503],
    });
    const { answer, steps, record } = await trace('/503');
    assert.deepEqual([answer.status, answer.text], [200, 'spare GET']);
    assert.deepEqual(steps, [V, 'miss', Q, 'api', R, Q, 'spare', R, W]);
    const functions = record.steps.filter((step) => step.kind === 'function');
    assert.deepEqual(
      functions.flatMap(({ logs, leg }) => logs.map((line) => `${leg}: ${line}`)),
      [`1: ${API} ${API}`, `1: ${API} 503`, `2: ${SPARE} ${SPARE}`, `2: ${SPARE} 200`],
    );
  });

  it('F3: has no memory: each request tries the primary first', async (test) => {
    const { trace } = await distribution(test, { api: asAsked, spare, failover: [503] });
    for (const _ of [1, 2]) {
      assert.deepEqual((await trace('/503')).steps, ['miss', 'api', 'spare']);
    }
    assert.deepEqual((await trace('/')).steps, ['miss', 'api']);
  });

  it('F3: stays with the primary for statuses it does not name', async (test) => {
    const { ask } = await distribution(test, { api: asAsked, spare, failover: [503] });
    for (const status of [404, 500, 502, 504]) {
      const answer = await ask(`/${status}`);
      assert.deepEqual([answer.status, answer.text], [status, 'primary']);
    }
  });

  it('F3: for GET and HEAD, and for OPTIONS where it is cached', async (test) => {
    const setup = { api: asAsked, spare, failover: [503] };
    const { ask } = await distribution(test, setup);
    assert.equal((await ask('/503', { method: 'HEAD' })).status, 200);
    assert.equal((await ask('/503', { method: 'OPTIONS' })).status, 503);
    const cached = await distribution(test, {
      ...setup,
      standard: { CachedMethods: ['GET', 'HEAD', 'OPTIONS'] },
    });
    assert.equal((await cached.ask('/503', { method: 'OPTIONS' })).text, 'spare OPTIONS');
  });

  it('F3: takes no methods that write: such a distribution cannot be deployed', async (test) => {
    const standard = { AllowedMethods: ALL_METHODS };
    await assert.rejects(distribution(test, { api: asAsked, spare, standard }), /F3/);
  });

  it('F3, F5: on a refused connection if 503 is named, without origin-response', async (test) => {
    const api = await refusingServer(test);
    const at = PASS;
    const over = await distribution(test, { at, api, spare, failover: [503] });
    const { answer, steps } = await over.trace('/');
    assert.equal(answer.text, 'spare GET');
    assert.deepEqual(steps, [V, 'miss', Q, 'api', Q, 'spare', R, W]);
    const not = await distribution(test, { at, api, spare, failover: [500, 502, 504] });
    const failed = await not.trace('/');
    assert.equal(failed.answer.status, 502);
    assert.deepEqual(failed.steps, [V, 'miss', Q, 'api']);
  });

  it('F3, F6: on silence if 504 is named, after all attempts', async (test) => {
    let asked = 0;
    const { trace } = await distribution(test, {
      api: () => void (asked += 1),
      spare,
      failover: [504],
      origin: {
        ConnectionAttempts: 2,
        CustomOriginConfig: { OriginProtocolPolicy: 'https-only', OriginReadTimeout: 1 },
      },
    });
    const { answer, record } = await trace('/');
    assert.equal(answer.text, 'spare GET');
    assert.equal(asked, 2);
    const [first] = record.steps.filter((step) => step.kind === 'origin');
    assert.deepEqual([first.attempts, first.failure?.kind], [2, 'timeout']);
  });

  it('F6: a connection that is not accepted is given up after its timeout', async (test) => {
    const { trace } = await distribution(test, {
      api: await deafServer(test),
      origin: { ConnectionAttempts: 1, ConnectionTimeout: 1 },
    });
    const { answer } = await trace('/');
    assert.equal(answer.status, 504);
    assert.match(answer.text, /F6/);
  });

  it('F4: the second leg fails as the first one would have', async (test) => {
    const { trace } = await distribution(test, { api: asAsked, spare: asAsked, failover: [503] });
    const { answer, steps } = await trace('/503');
    assert.equal(answer.status, 503);
    assert.deepEqual(steps, ['miss', 'api', 'spare']);
  });

  it('F4: a function tells the legs apart by the domain name', async (test) => {
    const { trace } = await distribution(test, {
      at: {
        [Q]: `
          const { custom } = request.origin;
          custom.path = custom.domainName === '${API}' ? '/503' : '/second';
          return request;`,
      },
      api: ({ url }, response) => {
        response.statusCode = url === '/503/a' ? 503 : 200;
        response.end();
      },
      spare: ({ url }, response) => void response.end(url),
      failover: [503],
    });
    assert.equal((await trace('/a')).answer.text, '/second/a');
  });

  it('F1, F4: a function that fails on the first leg ends it', async (test) => {
    const { trace } = await distribution(test, {
      at: { [Q]: "throw new Error('no');" },
      api: asAsked,
      spare,
    });
    const { answer, steps } = await trace('/');
    assert.equal(answer.status, 503);
    assert.deepEqual(steps, ['miss', Q]);
  });

  it('F2: a primary whose name is dead does not fail over', async (test) => {
    const { trace } = await distribution(test, {
      at: PASS,
      spare,
      failover: [500, 502, 503, 504],
    });
    const { answer, ran } = await trace('/');
    assert.equal(answer.status, 502);
    assert.deepEqual(ran, [V]);
  });
});

describe('faults on command', { timeout: 120_000 }, () => {
  it('F4: kill the first leg, as often as said', async (test) => {
    const { trace, cloudFront } = await distribution(test, { api: asAsked, spare });
    cloudFront.faults.set('origin', API, { fault: 'kill', times: 1 });
    assert.deepEqual((await trace('/')).steps, ['miss', 'api', 'spare']);
    assert.deepEqual((await trace('/')).steps, ['miss', 'api']);
  });

  it('drop origin-response, on one leg or both', async (test) => {
    const { trace, cloudFront } = await distribution(test, { at: PASS, api: asAsked, spare });
    cloudFront.faults.set('function', 'edge', { fault: 'skip', trigger: R, times: 1 });
    assert.deepEqual((await trace('/503')).ran, [V, Q, Q, R, W]);
    cloudFront.faults.set('function', 'edge', { fault: 'skip', trigger: R });
    assert.deepEqual((await trace('/503')).ran, [V, Q, Q, W]);
  });

  it('F1: throttle, crash and recycle', async (test) => {
    const { trace, cloudFront } = await distribution(test, {
      before: 'let count = 0;',
      at: { [V]: "return { status: '200', body: String((count += 1)) };" },
      files: {},
    });
    assert.equal((await trace('/')).answer.text, '1');
    for (const [fault, reason] of [
      ['throttle', 'LambdaLimitExceeded'],
      ['crash', 'LambdaExecutionError'],
    ]) {
      cloudFront.faults.set('function', 'edge', { fault, times: 1 });
      const { answer } = await trace('/');
      assert.equal(answer.status, 503, fault);
      assert.equal(answer.headers['x-cache'], `${reason} from cloudfront`);
    }
    assert.equal((await trace('/')).answer.text, '1', 'another environment after the crash');
    assert.equal(await cloudFront.recycle({ name: 'edge', region: 'us-east-1' }), 1);
    assert.equal((await trace('/')).answer.text, '1');
  });
});
