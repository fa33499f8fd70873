/**
 * What a trace holds: JSON without secrets (`redact.js`), in the shape that the control API sends.
 *
 * @typedef {import('../distribution.js').EventType} EventType
 * @typedef {import('../headers.js').HeaderMap} HeaderMap
 * @typedef {import('./diff.js').Change} Change
 *
 * @typedef {object} TraceRecord all of it is JSON; times are milliseconds
 * @property {string} id the request's id, as events and `x-amz-cf-id` have it
 * @property {string} time start of the request, ISO 8601
 * @property {string} method
 * @property {string} url as the viewer sent it: path and query
 * @property {string} httpVersion
 * @property {HeaderMap} headers the viewer's
 * @property {TraceViewer} viewer
 * @property {{ pattern: string, target: string, functions: Partial<Record<EventType, string>> }
 *   | null} behavior the cache behavior: its path pattern, the id of its origin or group, its
 *   functions
 * @property {(FunctionStep | CacheStep | OriginStep)[]} steps in the order they happened
 * @property {TraceAnswer | null} answer none while the request is under way
 *
 * @typedef {object} TraceViewer
 * @property {string | null} pop code of the POP
 * @property {string | null} edge edge Region
 * @property {string | null} city
 * @property {string | null} country code
 * @property {string | null} ip
 * @property {'https'|'http'} proto
 *
 * @typedef {object} FunctionStep one invocation, or why there was none
 * @property {'function'} kind
 * @property {number} at when it began, since the start of the request
 * @property {EventType} trigger
 * @property {string | null} function its name
 * @property {number} leg 2 for the second leg of an origin group (rule F4)
 * @property {{ rule: string | null, why: string } | null} skipped
 * @property {number} ms of the handler
 * @property {number | null} initMs of a cold start, before the handler; not part of `ms`
 * @property {string | null} instance
 * @property {unknown} event `request` and `response` of the event
 * @property {unknown} returned
 * @property {'request'|'response'|'generated'|null} result what the function returned: the request,
 *   the response, or a response of its own in place of a request
 * @property {Change[]} changes from the event to what was returned
 * @property {TraceError | null} error
 * @property {string[]} logs
 *
 * @typedef {object} CacheStep
 * @property {'cache'} kind
 * @property {number} at
 * @property {string} state `hit`, `miss`, `stale` or `bypass`
 * @property {string | null} key a digest of the cache key: alike for what shares an object
 * @property {number | null} age seconds
 *
 * @typedef {object} OriginStep one fetch
 * @property {'origin'} kind
 * @property {number} at
 * @property {number} leg
 * @property {string} id of the origin
 * @property {'custom'|'s3'|null} origin
 * @property {string} domainName
 * @property {string | null} url where it was in truth fetched from
 * @property {number} ms to the head of the answer, the way included
 * @property {number | null} wayMs of it, the simulated way from the edge Region
 * @property {number | null} attempts connection attempts (rule F6)
 * @property {number | null} status
 * @property {{ kind: string, message: string } | null} failure
 *
 * @typedef {object} TraceAnswer
 * @property {number} status
 * @property {HeaderMap} headers
 * @property {number} bytes of the body
 * @property {number} ms from the request's head to the end of the answer
 * @property {string} answeredBy `cache`, `origin`, `cloudfront` or a trigger
 * @property {string | null} cache as `x-cache` has it: `Hit`, `RefreshHit`, `Miss`, `Error` …
 * @property {import('./outcome.js').Outcome} outcome
 * @property {TraceError | null} error why CloudFront answered in the function's or origin's place
 *
 * @typedef {object} TraceError
 * @property {number | null} status
 * @property {string} reason such as `LambdaValidationError`
 * @property {string} message
 * @property {string | null} rule
 * @property {string | null} at
 * @property {string | null} found
 * @property {string | null} allowed
 * @property {string | null} cause what the function or the system said, for the developer
 */

export {};
