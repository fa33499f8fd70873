/**
 * Nearhop in front of a site and APIs, as one construct for any CDK app:
 *
 *   import { NearhopDistribution, readConfiguration } from 'nearhop/infra';
 *
 *   const { report } = await readConfiguration('nearhop.toml');
 *   const app = new App();
 *   const stack = new Stack(app, 'edge', { env: { region: 'us-east-1' } });
 *   const site = new Bucket(stack, 'Site');
 *   new NearhopDistribution(stack, 'Nearhop', { bundle: 'dist/edge', report, site });
 *
 * with `nearhop bundle --out dist/edge` run before.
 */
import { Duration, Stack, Token, Validations } from 'aws-cdk-lib';
import {
  AllowedMethods,
  CachePolicy,
  Distribution,
  HttpVersion,
  LambdaEdgeEventType,
  OriginProtocolPolicy,
  OriginSslPolicy,
  PriceClass,
  SecurityPolicyProtocol,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import { HttpOrigin, OriginGroup, S3BucketOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import { Construct } from 'constructs';
import { behaviorsFor } from './behaviors.js';
import { EdgeFunction } from './edge-function.js';
import { EDGE_HOME } from './names.js';
import { apiRequestPolicy, securityHeaders, siteCachePolicy } from './policies.js';

/**
 * @typedef {import('aws-cdk-lib/aws-cloudfront').BehaviorOptions} BehaviorOptions
 * @typedef {import('aws-cdk-lib/aws-cloudfront').IOrigin} IOrigin
 * @typedef {import('../js/cli/tools.js').Report} Report
 *
 * @typedef {object} NearhopDistributionProps
 * @property {string} bundle the folder `nearhop bundle` wrote
 * @property {Report} report of the configuration that is in it: its routes become cache behaviors,
 *   its API Regions origins
 * @property {import('aws-cdk-lib/aws-s3').IBucket} site the bucket with the frontend's files: of
 *   this stack, and private; CloudFront is given leave to read it
 * @property {'viewer-request'|'origin-request'} [layout] where requests to the API are looked at
 *   first; `viewer-request` if left out. `origin-request` is one invocation per call, which neither
 *   learns of failures nor says on the answer which Region it came from, and does not go with
 *   [sign_in]
 * @property {string} [functionName]
 * @property {string[]} [domainNames] with their `certificate`
 * @property {import('aws-cdk-lib/aws-certificatemanager').ICertificate} [certificate] of us-east-1
 * @property {string} [webAclArn] of AWS WAF, global
 * @property {string} [priceClass] `PriceClass_All` if left out
 */

/** Every kind of distribution has these. */
const COMMON = {
  compress: true,
  viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY,
};

const { VIEWER_REQUEST, ORIGIN_REQUEST, ORIGIN_RESPONSE } = LambdaEdgeEventType;

/** Where the function is attached. Each trigger is an invocation of its own (rule L9). */
const TRIGGERS = {
  api: {
    // Origin-response learns which Regions fail, and tells the viewer which one answered.
    'viewer-request': [VIEWER_REQUEST, ORIGIN_REQUEST, ORIGIN_RESPONSE],
    'origin-request': [ORIGIN_REQUEST],
  },
  site: [ORIGIN_REQUEST, ORIGIN_RESPONSE],
  // `site.viewer_request_attached`: origin-request would have nothing left to do.
  guardedSite: [VIEWER_REQUEST, ORIGIN_RESPONSE],
  // Answered at viewer-request; origin-request refuses what gets past it (rule F7).
  signIn: [VIEWER_REQUEST, ORIGIN_REQUEST],
};

export class NearhopDistribution extends Construct {
  /**
   * @param {Construct} scope in a stack of us-east-1
   * @param {string} id
   * @param {NearhopDistributionProps} props
   * @throws {Error} in another Region (rule L3), and with [sign_in] in the layout `origin-request`
   */
  constructor(scope, id, props) {
    super(scope, id);
    demandEdgeHome(this);
    const { report, layout = 'viewer-request', functionName } = props;
    demandSignInLayout(this, report, layout);
    /** The function, whose published version is at the distribution's triggers. */
    this.edgeFunction = new EdgeFunction(this, 'Function', {
      bundle: props.bundle,
      functionName,
      timeout: timeoutFor(report),
    });

    const { viewer_request_attached: attached } = report.site;
    const headers = { responseHeadersPolicy: securityHeaders(this) };
    const site = S3BucketOrigin.withOriginAccessControl(props.site, { originId: 'site' });
    const api = apiOrigins(report);
    const toApi = {
      ...COMMON,
      ...headers,
      cachePolicy: CachePolicy.CACHING_DISABLED,
      originRequestPolicy: apiRequestPolicy(this, report),
      edgeLambdas: this.at(TRIGGERS.api[layout]),
    };
    /** @type {BehaviorOptions & { origin: IOrigin }} */
    const toSite = {
      ...COMMON,
      ...headers,
      origin: site,
      // A page that is asked for over plain HTTP answers with where it is.
      viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
      allowedMethods: AllowedMethods.ALLOW_GET_HEAD_OPTIONS,
      cachePolicy: siteCachePolicy(this, report),
      edgeLambdas: this.at(attached ? TRIGGERS.guardedSite : TRIGGERS.site),
    };
    /** @type {BehaviorOptions & { origin: IOrigin }} */
    const toSignIn = {
      ...COMMON,
      ...headers,
      origin: site,
      allowedMethods: AllowedMethods.ALLOW_ALL,
      cachePolicy: CachePolicy.CACHING_DISABLED,
      edgeLambdas: this.at(TRIGGERS.signIn),
    };
    const behaviors = behaviorsFor(report).map(({ pattern, kind, failsOver }) => [
      pattern,
      kind === 'sign-in' ? toSignIn : kind === 'site' ? toSite : { ...toApi, ...api(failsOver) },
    ]);

    /** The distribution itself. */
    this.distribution = new Distribution(this, 'Distribution', {
      comment: 'One address for a site and its APIs in several Regions, by Nearhop',
      defaultBehavior: toSite,
      additionalBehaviors: Object.fromEntries(behaviors),
      domainNames: props.domainNames,
      certificate: props.certificate,
      minimumProtocolVersion: props.certificate && SecurityPolicyProtocol.TLS_V1_2_2021,
      httpVersion: HttpVersion.HTTP2_AND_3,
      enableIpv6: true,
      webAclId: props.webAclArn,
      priceClass: priceClass(props.priceClass),
    });
    Validations.of(this.distribution).acknowledge(...acknowledged(props));
  }

  /**
   * One function at every trigger: CloudFront says which it is. It streams bodies, so needs none.
   *
   * @param {LambdaEdgeEventType[]} events
   */
  at(events) {
    const functionVersion = this.edgeFunction.currentVersion;
    return events.map((eventType) => ({ eventType, functionVersion }));
  }
}

/** @param {Construct} scope */
function demandEdgeHome(scope) {
  const { region, stackName } = Stack.of(scope);
  if (region === EDGE_HOME) return;
  const found = Token.isUnresolved(region) ? 'a stack without a Region' : region;
  throw new Error(
    `NearhopDistribution in ${stackName}: found ${found}, allowed: ${EDGE_HOME}, ` +
      `where Lambda@Edge takes functions from (rule L3): env: { region: '${EDGE_HOME}' }`,
  );
}

/**
 * @param {Construct} scope
 * @param {Report} report
 * @param {string} layout
 */
function demandSignInLayout(scope, report, layout) {
  if (!report.sign_in || layout === 'viewer-request') return;
  const { stackName } = Stack.of(scope);
  throw new Error(
    `NearhopDistribution in ${stackName}: found [sign_in] with layout: '${layout}', ` +
      "allowed: layout: 'viewer-request', which is where visitors are signed in",
  );
}

/**
 * How long one invocation may take: key sets end after 2 s. Whoever comes back from signing in
 * waits for that, and for two tries of the token endpoint; 30 s are the most there is (rule L1).
 *
 * @param {Report} report
 */
function timeoutFor(report) {
  const tries = 2 * (report.sign_in?.timeout_ms ?? 0);
  return Duration.seconds(Math.min(5 + Math.ceil(tries / 1_000), 30));
}

/**
 * What a behavior for the API has as its origin. Origin-request puts the chosen Region in its
 * place, yet its name has to resolve (rule F2): it is the first Region's, and the second leg's is
 * the second Region's (rule F4). Without a second leg, writes are welcome too.
 *
 * @param {Report} report
 * @returns {(failsOver: boolean) => { origin: IOrigin, allowedMethods: AllowedMethods }}
 */
function apiOrigins({ api }) {
  const [first, second] = api?.regions ?? [];
  const alone = first && apiOrigin('api', first);
  const group =
    second &&
    new OriginGroup({
      primaryOrigin: apiOrigin('api-first-leg', first),
      fallbackOrigin: apiOrigin('api-second-leg', second, { 'x-nearhop-leg': '2' }),
      // Not what a client can cause at will: it would double its calls (docs/regions.md).
      fallbackStatusCodes: [502, 503, 504],
    });
  return (failsOver) =>
    failsOver
      ? { origin: group, allowedMethods: AllowedMethods.ALLOW_GET_HEAD_OPTIONS }
      : { origin: alone, allowedMethods: AllowedMethods.ALLOW_ALL };
}

/**
 * @param {string} originId
 * @param {{ domain_name: string, path: string }} region
 * @param {Record<string, string>} [customHeaders]
 */
function apiOrigin(originId, { domain_name: authority, path }, customHeaders) {
  const { hostname, port } = new URL(`https://${authority}`);
  return new HttpOrigin(hostname, {
    originId,
    originPath: path || undefined,
    customHeaders,
    httpsPort: Number(port || 443),
    protocolPolicy: OriginProtocolPolicy.HTTPS_ONLY,
    originSslProtocols: [OriginSslPolicy.TLS_V1_2],
    // The default of 3 × 10 s is spent before anything else is tried (rule F6).
    connectionAttempts: 2,
    connectionTimeout: Duration.seconds(2),
    readTimeout: Duration.seconds(15),
    keepaliveTimeout: Duration.seconds(30),
  });
}

/** @param {string} [name] as CloudFront has it: PriceClass_100, PriceClass_200, PriceClass_All */
function priceClass(name = 'PriceClass_All') {
  const known = {
    PriceClass_100: PriceClass.PRICE_CLASS_100,
    PriceClass_200: PriceClass.PRICE_CLASS_200,
  };
  return known[/** @type {keyof typeof known} */ (name)] ?? PriceClass.PRICE_CLASS_ALL;
}

/** @param {NearhopDistributionProps} props */
function acknowledged({ certificate, webAclArn }) {
  const logs = 'Access logs are delivered by standard logging v2 (infra/access-logs.js).';
  return [
    { id: 'AwsSolutions-CFR1', reason: 'Served worldwide: there is no country to be shut out.' },
    ...(webAclArn
      ? []
      : [{ id: 'AwsSolutions-CFR2', reason: 'A web ACL is the setting waf.web_acl_arn.' }]),
    { id: 'AwsSolutions-CFR3', reason: logs },
    ...(certificate
      ? []
      : [{ id: 'AwsSolutions-CFR4', reason: "CloudFront's own name has its own TLS minimum." }]),
  ];
}
