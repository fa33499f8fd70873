/**
 * The viewer's place: POPs, edge Regions and how a request chooses among them.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import { describe, it } from 'node:test';
import { CloudFrontError } from '../../js/cloudfront/error.js';
import { EDGES, EDGE_REGIONS } from '../../js/cloudfront/place/edges.js';
import { POPS, kilometres, popOfCountry, popOfEdge } from '../../js/cloudfront/place/pops.js';
import { chooseViewer, viewerFrom } from '../../js/cloudfront/place/viewer.js';

/** @typedef {import('../../js/cloudfront/place/viewer.js').Place} Place */

/** @param {...string} rawHeaders */
function incoming(...rawHeaders) {
  const socket = { remoteAddress: '::ffff:127.0.0.1', remotePort: 40_000 };
  return { rawHeaders, httpVersion: '1.1', socket };
}

/**
 * @param {() => unknown} deed
 * @returns {CloudFrontError}
 */
function refused(deed) {
  try {
    deed();
  } catch (error) {
    assert(error instanceof CloudFrontError);
    assert.equal(error.status, 400);
    return error;
  }
  return assert.fail('it was not refused');
}

describe('edge Regions', () => {
  it('R1: thirteen Regions execute functions', () => {
    assert.deepEqual([...EDGE_REGIONS].sort(), [
      'ap-northeast-1',
      'ap-northeast-2',
      'ap-south-1',
      'ap-southeast-1',
      'ap-southeast-2',
      'eu-central-1',
      'eu-west-1',
      'eu-west-2',
      'sa-east-1',
      'us-east-1',
      'us-east-2',
      'us-west-1',
      'us-west-2',
    ]);
  });

  it('R1: the edge Region behind a POP is the nearest one', () => {
    for (const pop of POPS.values()) {
      const edges = [...EDGES.values()];
      const [nearest] = edges.sort((a, b) => kilometres(pop, a) - kilometres(pop, b));
      assert.equal(pop.edge, nearest.region, pop.code);
    }
  });

  it('each has a POP near it that it is behind', () => {
    const codes = Object.fromEntries(EDGE_REGIONS.map((edge) => [edge, popOfEdge(edge).code]));
    assert.deepEqual(codes, {
      'us-east-1': 'IAD',
      'us-east-2': 'CMH',
      'us-west-1': 'SFO',
      'us-west-2': 'PDX',
      'sa-east-1': 'GRU',
      'eu-west-1': 'DUB',
      'eu-west-2': 'LHR',
      'eu-central-1': 'FRA',
      'ap-south-1': 'BOM',
      'ap-northeast-1': 'NRT',
      'ap-northeast-2': 'ICN',
      'ap-southeast-1': 'SIN',
      'ap-southeast-2': 'SYD',
    });
  });
});

describe('POPs', () => {
  it('have a country, coordinates and a time zone there are', () => {
    assert.equal(POPS.size, 108);
    const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });
    for (const { code, country, latitude, longitude, timeZone } of POPS.values()) {
      assert.match(code, /^[A-Z]{3}$/);
      assert.notEqual(names.of(country), undefined, code);
      assert(Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180, code);
      assert.doesNotThrow(() => new Intl.DateTimeFormat('en', { timeZone }), code);
    }
  });

  it('have the clock their longitude lets expect', () => {
    const noon = Date.UTC(2026, 0, 15, 12);
    for (const { code, longitude, timeZone } of POPS.values()) {
      const format = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' });
      const name = format.formatToParts(noon).find(({ type }) => type === 'timeZoneName')?.value;
      const [, sign = '+', hours = '0', minutes = '0'] = /([+-])(\d+):(\d+)/.exec(name ?? '') ?? [];
      const offset = Number(`${sign}1`) * (Number(hours) + Number(minutes) / 60);
      assert(Math.abs(offset - longitude / 15) <= 3, `${code}: ${name} at ${longitude}`);
    }
  });

  it('distances are along the great circle', () => {
    const [fra, sin] = [POPS.get('FRA'), POPS.get('SIN')];
    assert(fra && sin);
    assert(Math.abs(kilometres(fra, sin) - 10_280) < 100, String(kilometres(fra, sin)));
    assert.equal(popOfCountry('IE')?.code, 'DUB');
    assert.equal(popOfCountry('IS'), undefined);
  });
});

describe('viewer', () => {
  it('is at us-east-1 and comes by https unless something else is said', () => {
    const { pop, edge, country, ip, proto } = viewerFrom();
    assert.deepEqual([pop, edge, country], ['IAD', 'us-east-1', 'US']);
    assert.deepEqual([ip, proto], ['127.0.0.1', 'https']);
  });

  it('R1: its edge Region is the chosen one, or that behind its POP', () => {
    for (const [place, pop, edge, country] of /** @type {[Place, string, string, string][]} */ ([
      [{ pop: 'ZRH' }, 'ZRH', 'eu-central-1', 'CH'],
      [{ pop: 'zrh' }, 'ZRH', 'eu-central-1', 'CH'],
      [{ edge: 'ap-northeast-2' }, 'ICN', 'ap-northeast-2', 'KR'],
      [{ pop: 'ZRH', edge: 'eu-west-1' }, 'ZRH', 'eu-west-1', 'CH'],
      [{ country: 'IE' }, 'DUB', 'eu-west-1', 'IE'],
      [{ country: 'is' }, 'IAD', 'us-east-1', 'IS'],
      [{ pop: 'ZRH', country: 'DE' }, 'ZRH', 'eu-central-1', 'DE'],
    ])) {
      const viewer = viewerFrom(place);
      assert.deepEqual([viewer.pop, viewer.edge, viewer.country], [pop, edge, country]);
    }
  });

  it("R2: it has its POP's place, unless its country is another", () => {
    const zurich = viewerFrom({ pop: 'ZRH' });
    assert.equal(zurich.countryName, 'Switzerland');
    assert.equal(zurich.city, 'Zurich');
    assert.equal(zurich.timeZone, 'Europe/Zurich');
    assert.equal(Math.round(zurich.latitude ?? 0), 47);
    assert.equal(Math.round(zurich.longitude ?? 0), 9);
    const german = viewerFrom({ pop: 'ZRH', country: 'DE' });
    assert.equal(german.countryName, 'Germany');
    assert.deepEqual(
      [german.city, german.latitude, german.longitude, german.timeZone],
      [undefined, undefined, undefined, undefined],
    );
    const placed = viewerFrom({ pop: 'ZRH', country: 'DE', city: 'Konstanz', latitude: 47.66 });
    assert.deepEqual([placed.city, placed.latitude], ['Konstanz', 47.66]);
  });

  it('is refused for what there is not, with what is allowed', () => {
    for (const [place, at, allowed] of /** @type {[any, string, RegExp][]} */ ([
      [{ pop: 'XXX' }, 'pop', /\bAKL, AMS\b.*\bZRH$/],
      [{ edge: 'eu-west-3' }, 'edge', /us-east-1.*ap-southeast-2/],
      [{ country: 'Germany' }, 'country', /ISO 3166-1/],
      [{ country: 'QQ' }, 'country', /ISO 3166-1/],
      [{ ip: '999.1.1.1' }, 'ip', /192\.0\.2\.1/],
      [{ proto: 'ftp' }, 'proto', /^https, http$/],
    ])) {
      const error = refused(() => viewerFrom(place));
      assert.equal(error.at, at);
      assert.equal(error.found, Object.values(place)[0]);
      assert.match(error.allowed ?? '', allowed);
    }
  });
});

describe('choice of the viewer', () => {
  it('is made by headers, which are gone afterwards', () => {
    const asked = incoming(
      ...['Host', 'h', 'X-NearHop-Dev-Pop', 'SYD', 'x-nearhop-dev-edge', 'ap-southeast-1'],
      ...['x-nearhop-dev-country', 'nz', 'User-Agent', 'test'],
      ...['x-nearhop-dev-ip', '2001:db8::1', 'x-nearhop-dev-proto', 'http', 'X-Other', '1'],
    );
    const viewer = chooseViewer(asked);
    assert.deepEqual(asked.rawHeaders, ['Host', 'h', 'User-Agent', 'test', 'X-Other', '1']);
    const { pop, edge, country, ip, proto, port, userAgent, headerNames } = viewer;
    assert.deepEqual([pop, edge, country], ['SYD', 'ap-southeast-1', 'NZ']);
    assert.deepEqual([ip, proto, port, userAgent], ['2001:db8::1', 'http', 40_000, 'test']);
    assert.deepEqual(headerNames, ['Host', 'User-Agent', 'X-Other']);
  });

  it('is made by the cookie, which is gone afterwards while others stay', () => {
    for (const [cookie, left, pop, edge] of [
      ['nearhop_dev_place=SYD', undefined, 'SYD', 'ap-southeast-2'],
      ['a=1; nearhop_dev_place=eu-west-2; b=2', 'a=1; b=2', 'LHR', 'eu-west-2'],
      ['a=1; nearhop_dev_places=SYD', 'a=1; nearhop_dev_places=SYD', 'IAD', 'us-east-1'],
    ]) {
      const asked = incoming('Host', 'h', 'Cookie', cookie ?? '');
      const viewer = chooseViewer(asked);
      assert.deepEqual([viewer.pop, viewer.edge], [pop, edge]);
      const expected = left === undefined ? ['Host', 'h'] : ['Host', 'h', 'Cookie', left];
      assert.deepEqual(asked.rawHeaders, expected);
    }
  });

  it('of headers counts more than that of the cookie, which counts more than the defaults', () => {
    const defaults = { pop: 'GRU', city: 'São Paulo', ip: '192.0.2.1' };
    const cookie = ['Cookie', 'nearhop_dev_place=SYD'];
    const header = ['x-nearhop-dev-edge', 'eu-west-1'];
    const placeOf = (/** @type {string[]} */ ...raw) => {
      const { pop, city, ip } = chooseViewer(incoming(...raw), defaults);
      return [pop, city, ip];
    };
    assert.deepEqual(placeOf(), ['GRU', 'São Paulo', '192.0.2.1']);
    assert.deepEqual(placeOf(...cookie), ['SYD', 'Sydney', '192.0.2.1']);
    assert.deepEqual(placeOf(...cookie, ...header), ['DUB', 'Dublin', '192.0.2.1']);
    assert.deepEqual(placeOf('x-nearhop-dev-ip', '192.0.2.9'), ['GRU', 'São Paulo', '192.0.2.9']);
  });

  it("keeps the connection's address when a place is chosen", () => {
    assert.equal(chooseViewer(incoming('x-nearhop-dev-pop', 'SYD')).ip, '127.0.0.1');
  });

  it('is refused for what there is not, and says where and what to do', () => {
    const header = refused(() => chooseViewer(incoming('X-Nearhop-Dev-Pop', 'nowhere')));
    assert.equal(header.at, 'x-nearhop-dev-pop');
    assert.match(header.allowed ?? '', /\bFRA\b/);
    const long = refused(() => chooseViewer(incoming('x-nearhop-dev-edge', 'x'.repeat(5_000))));
    assert(long.page().length < 1_000);
    const name = 'x'.repeat(5_000);
    const longCookie = refused(() => chooseViewer(incoming('Cookie', `nearhop_dev_place=${name}`)));
    assert(longCookie.page().length < 2_000);
    const cookie = refused(() => chooseViewer(incoming('Cookie', 'nearhop_dev_place=moon')));
    assert.equal(cookie.at, 'the cookie nearhop_dev_place');
    assert.match(cookie.message, /Delete the cookie/);
    assert.match(cookie.allowed ?? '', /eu-central-1.*\bFRA\b/);
  });

  it('works on requests as Node parses them', { timeout: 10_000 }, async (test) => {
    const seen = /** @type {{ pop: string, headers: string[] }[]} */ ([]);
    const server = createServer((asked, answer) => {
      seen.push({ pop: chooseViewer(asked).pop, headers: asked.rawHeaders });
      answer.end();
    });
    test.after(() => {
      server.closeAllConnections();
      server.close();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
    const headers = { Host: 'h', 'X-Nearhop-Dev-Pop': 'HEL', Connection: 'close' };
    const [answer] = await once(get({ host: '127.0.0.1', port, headers }), 'response');
    answer.resume();
    assert.deepEqual(seen, [{ pop: 'HEL', headers: ['Host', 'h', 'Connection', 'close'] }]);
  });
});
