'use strict';

/**
 * Callback style, CommonJS, for runtimes before nodejs24.x: as viewer-request, sends a viewer from
 * `/old/…` to `/new/…`.
 *
 * @type {import('aws-lambda').CloudFrontRequestHandler}
 */
exports.handler = (event, _context, callback) => {
  const { request } = event.Records[0].cf;
  if (!request.uri.startsWith('/old/')) {
    callback(null, request);
    return;
  }
  const location = request.uri.replace('/old/', '/new/');
  callback(null, {
    status: '301',
    statusDescription: 'Moved Permanently',
    headers: { location: [{ key: 'Location', value: location }] },
  });
};
