const EURO = ['AT', 'BE', 'DE', 'ES', 'FR', 'IE', 'IT', 'NL', 'PT'];

export async function handler(event) {
  const { config, request } = event.Records[0].cf;
  return config.eventType === 'viewer-request' ? withoutCampaign(request) : withCurrency(request);
}

/** Before the cache: what campaigns add to links would make each of them a page of its own. */
function withoutCampaign(request) {
  const query = new URLSearchParams(request.querystring);
  for (const name of [...query.keys()]) if (name.startsWith('utm_')) query.delete(name);
  request.querystring = query.toString();
  return request;
}

/** Behind the cache, whose key has the country: once for each origin that is asked. */
function withCurrency(request) {
  const country = request.headers['cloudfront-viewer-country']?.[0].value;
  const value = EURO.includes(country) ? 'EUR' : 'USD';
  request.headers['x-currency'] = [{ key: 'X-Currency', value }];
  console.log(`${value} from ${request.origin.custom.domainName}`);
  return request;
}
