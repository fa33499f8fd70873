/** Viewer-request: the start page in the viewer's language. */
export async function handler(event) {
  const { request } = event.Records[0].cf;
  const languages = request.headers['accept-language']?.[0].value ?? '';
  if (request.uri === '/') request.uri = languages.startsWith('de') ? '/de.html' : '/en.html';
  return request;
}
