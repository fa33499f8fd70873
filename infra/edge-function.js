/**
 * Nearhop as Lambda@Edge takes it.
 */
import { ArnFormat, Duration, Names, RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  CompositePrincipal,
  PolicyDocument,
  PolicyStatement,
  Role,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam';
import { Code, Function, Runtime } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { acknowledgeWildcards } from './acknowledged.js';
import { EDGE_HOME } from './names.js';

/**
 * A function with what Lambda@Edge allows (rules L1–L4) and a published version for each bundle.
 */
export class EdgeFunction extends Construct {
  /**
   * @param {Construct} scope
   * @param {string} id
   * @param {{ bundle: string, functionName?: string, timeout: Duration }} props
   */
  constructor(scope, id, { bundle, functionName: given, timeout }) {
    super(scope, id);
    // The role names the log group, and that the function: a name CloudFormation makes is too late.
    const functionName = given ?? Names.uniqueResourceName(this, { maxLength: 64 });
    const role = edgeRole(this, functionName);
    const fn = new Function(this, 'Resource', {
      functionName,
      description: 'Nearhop: verifies tokens, chooses the API Region',
      // The others are for people to read.
      code: Code.fromAsset(bundle, { exclude: ['nearhop.json', 'places.mmdb'] }),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      memorySize: 128,
      // A viewer waits: what takes longer is answered 503 (rule F1).
      timeout,
      role,
      // Replicas are deleted by AWS, hours after no distribution has the version (rule L3): until
      // then the version cannot go, and must not keep an update from ending.
      currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN },
    });
    /** What a distribution is given. */
    this.currentVersion = fn.currentVersion;
    /** @type {import('aws-cdk-lib/aws-lambda').IFunction} */
    this.function = fn;
  }
}

/**
 * The function calls nothing of AWS. It logs in whichever Region executes it, into a group of that
 * Region, which it makes where it finds none.
 *
 * @param {Construct} scope
 * @param {string} functionName
 */
function edgeRole(scope, functionName) {
  const group = Stack.of(scope).formatArn({
    service: 'logs',
    region: '*',
    resource: 'log-group',
    resourceName: `/aws/lambda/${EDGE_HOME}.${functionName}:*`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  const role = new Role(scope, 'Role', {
    description: 'Nearhop at the edge: may log',
    assumedBy: new CompositePrincipal(
      new ServicePrincipal('lambda.amazonaws.com'),
      new ServicePrincipal('edgelambda.amazonaws.com'),
    ),
    inlinePolicies: {
      logs: new PolicyDocument({
        statements: [
          new PolicyStatement({
            actions: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
            resources: [group],
          }),
        ],
      }),
    },
  });
  const reason = 'Lambda@Edge logs in every Region that executes it: one group, any Region.';
  acknowledgeWildcards(role, [group], reason);
  return role;
}
