/**
 * The way from the edge to an origin.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Latency, regionOf } from '../../js/cloudfront/origins/latency.js';
import {
  API,
  BUCKET,
  folder,
  httpServer,
  originRequest,
  originsOf,
  textOf,
} from './origin-servers.js';

const DATA = new URL('../../src/tools/data/', import.meta.url);

describe('the round trip between two Regions', () => {
  it('R3: is the one of the matrix wherever it has the pair', () => {
    const latency = new Latency();
    const [header, ...rows] = readFileSync(new URL('aws-latency.csv', DATA), 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split(','));
    const cells = rows.flatMap(([from, ...values]) =>
      values.map((value, index) => [from, header[index + 1], value]),
    );
    assert.equal(cells.length, 32 * 32);
    for (const [from, to, ms] of cells) {
      assert.ok(ms !== '', `${from} ${to}`);
      assert.equal(latency.between(from, to), Number(ms), `${from} ${to}`);
    }
  });

  it('R3: is 25 ms and 15.5 ms for each 1,000 km where it does not', () => {
    const latency = new Latency();
    assert.equal(latency.between('ap-southeast-6', 'ap-southeast-6'), 25);
    // Auckland to Sydney: 2,156 km by great circle, as atlases have it.
    const ms = latency.between('ap-southeast-6', 'ap-southeast-2') ?? 0;
    assert.ok(Math.abs(ms - (25 + 15.5 * 2.156)) < 0.5, String(ms));
  });

  it('is unknown for what is no Region', () => {
    assert.equal(new Latency().between('us-east-1', 'moon-1'), undefined);
  });

  it('is waited for only if that is on, and where the Region is known', () => {
    const on = new Latency({ on: true });
    assert.equal(on.wait('us-east-1', 'eu-west-1'), on.between('us-east-1', 'eu-west-1'));
    assert.equal(on.wait('us-east-1', undefined), 0);
    assert.equal(on.wait('us-east-1', 'moon-1'), 0);
    assert.equal(new Latency().wait('us-east-1', 'eu-west-1'), 0);
  });

  it('R3: is part of a fetch, and said apart', async (test) => {
    const servers = { [BUCKET]: folder(test, { 'index.html': 'x' }) };
    const latency = new Latency({ on: true });
    const { fetch } = originsOf(test, { servers, latency });
    const s3 = { region: 'us-east-1' };
    const response = await fetch(originRequest({ s3, uri: '/index.html' }), { edge: 'us-east-2' });
    await textOf(response);
    assert.equal(response.wayMs, latency.between('us-east-2', 'us-east-1'));
  });

  it('R3: comes before the origin is asked, and ends when the viewer leaves', async (test) => {
    let requests = 0;
    const url = await httpServer(test, () => void (requests += 1));
    const latency = new Latency({ on: true });
    test.mock.method(latency, 'wait', () => 60_000);
    const { fetch } = originsOf(test, { servers: { [API]: url }, latency });
    const viewer = new AbortController();
    const fetched = fetch(originRequest(), { signal: viewer.signal });
    setTimeout(() => viewer.abort(new Error('left')), 200);
    await assert.rejects(fetched, /^Error: left$/);
    assert.equal(requests, 0);
  });
});

describe('the Region of a domain name', () => {
  /** @type {[string, string | undefined][]} */
  const CASES = [
    [API, 'eu-west-1'],
    ['abc.lambda-url.ap-southeast-2.on.aws', 'ap-southeast-2'],
    ['site.s3.eu-central-1.amazonaws.com', 'eu-central-1'],
    ['site.with.dots.s3.eu-central-1.amazonaws.com', 'eu-central-1'],
    ['site.s3-us-west-2.amazonaws.com', 'us-west-2'],
    ['site.s3.dualstack.eu-west-2.amazonaws.com', 'eu-west-2'],
    ['site.s3-website.eu-west-2.amazonaws.com', 'eu-west-2'],
    ['site.s3.cn-north-1.amazonaws.com.cn', 'cn-north-1'],
    ['site.s3.amazonaws.com', 'us-east-1'],
    ['balancer-1.us-gov-west-1.elb.amazonaws.com', 'us-gov-west-1'],
    ['api.EU-WEST-1.example.com', 'eu-west-1'],
    ['api.example.com', undefined],
    ['eu-west-1x.example.com', undefined],
    ['', undefined],
  ];
  for (const [name, region] of CASES) {
    it(`${name || 'no name'}: ${region}`, () => assert.equal(regionOf(name), region));
  }
});
