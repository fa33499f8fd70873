/**
 * The environment variables that a function at the edge finds: those that Lambda reserves, and
 * nothing of the user's or ours (rule L2). Lambda also sets its role's credentials; there are none
 * here.
 */

/**
 * @param {object} options
 * @param {import('../distribution.js').FunctionSource} options.source
 * @param {string} options.region the edge Region
 * @param {string} options.taskRoot folder of the code: `/var/task` at Lambda
 * @param {string} options.address of the Runtime API
 * @returns {Record<string, string>}
 */
export function reservedVariables({ source, region, taskRoot, address }) {
  // Replicas at the edge carry the Region of the function they are made from in their name.
  const name = `us-east-1.${source.name}`;
  return {
    AWS_DEFAULT_REGION: region,
    AWS_EXECUTION_ENV: `AWS_Lambda_${source.runtime}`,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(source.memory),
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: '1',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: `local/${region}`,
    AWS_LAMBDA_RUNTIME_API: address,
    AWS_REGION: region,
    LAMBDA_RUNTIME_DIR: '/var/runtime',
    LAMBDA_TASK_ROOT: taskRoot,
    LANG: 'en_US.UTF-8',
    PATH: '/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin',
    TZ: ':UTC',
    _HANDLER: source.handler,
  };
}
