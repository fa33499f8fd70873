/**
 * The second argument of a handler. See "Using the Lambda context object to retrieve Node.js
 * function information" in Lambda's guide.
 */

/**
 * @param {import('node:http').IncomingHttpHeaders} headers of the Runtime API's answer to `next`
 * @returns {Record<string, any>} but for what belongs to callbacks, which `runHandler` adds
 */
export function contextOf(headers) {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  return {
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    // For invocations by mobile applications; not at the edge.
    clientContext: undefined,
    identity: undefined,
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}
