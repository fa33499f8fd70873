/**
 * What stands before everything: the distribution with Nearhop, and the site's files.
 */
import { CfnOutput, Stack } from 'aws-cdk-lib';
import { Certificate, CertificateValidation } from 'aws-cdk-lib/aws-certificatemanager';
import { ARecord, AaaaRecord, RecordTarget } from 'aws-cdk-lib/aws-route53';
import { CloudFrontTarget } from 'aws-cdk-lib/aws-route53-targets';
import { AccessLogs } from './access-logs.js';
import { edgeAlarms } from './alarms.js';
import { zoneOf } from './api-domain.js';
import { privateBucket } from './buckets.js';
import { NearhopDistribution } from './distribution.js';
import { namesFor } from './names.js';

/**
 * @typedef {object} EdgeStackProps
 * @property {import('./settings.js').Settings} settings
 * @property {import('./plane.js').Plane} plane
 * @property {import('../js/cli/tools.js').Report} report of the configuration in the bundle
 * @property {string} bundle the folder `nearhop bundle` wrote
 */

export class EdgeStack extends Stack {
  /**
   * @param {import('constructs').Construct} scope
   * @param {string} id
   * @param {import('aws-cdk-lib').StackProps & EdgeStackProps} props
   */
  constructor(scope, id, props) {
    const { settings, plane, report, bundle } = props;
    super(scope, id, { description: `${settings.app}: the edge`, ...props });
    const site = privateBucket(this, 'Site', settings);
    const { distribution } = new NearhopDistribution(this, 'Nearhop', {
      bundle,
      report,
      site,
      layout: settings.layout,
      functionName: namesFor(settings).edgeFunction,
      priceClass: settings.priceClass,
      webAclArn: settings.webAclArn,
      ...this.ownDomain(settings),
    });
    if (plane.accessLogs) new AccessLogs(this, 'AccessLogs', settings, distribution);
    if (plane.alarms) edgeAlarms(this, settings, distribution.distributionId);
    if (settings.domain) this.records(settings, distribution);

    const host = settings.domain?.name ?? distribution.distributionDomainName;
    new CfnOutput(this, 'SiteUrl', { value: `https://${host}` });
    new CfnOutput(this, 'SiteBucket', { value: site.bucketName });
    new CfnOutput(this, 'DistributionId', { value: distribution.distributionId });
  }

  /** @param {import('./settings.js').Settings} settings */
  ownDomain(settings) {
    const { domain } = settings;
    if (!domain) return {};
    const certificate = domain.certificateArn
      ? Certificate.fromCertificateArn(this, 'Certificate', domain.certificateArn)
      : new Certificate(this, 'Certificate', {
          domainName: domain.name,
          validation: CertificateValidation.fromDns(this.zone(settings)),
        });
    return { domainNames: [domain.name], certificate };
  }

  /**
   * @param {import('./settings.js').Settings} settings
   * @param {import('aws-cdk-lib/aws-cloudfront').Distribution} distribution
   */
  records(settings, distribution) {
    const record = {
      zone: this.zone(settings),
      recordName: settings.domain?.name,
      target: RecordTarget.fromAlias(new CloudFrontTarget(distribution)),
    };
    new ARecord(this, 'A', record);
    new AaaaRecord(this, 'AAAA', record);
  }

  /** @param {import('./settings.js').Settings} settings */
  zone(settings) {
    const known = this.node.tryFindChild('Zone');
    return /** @type {import('aws-cdk-lib/aws-route53').IHostedZone} */ (
      known ?? zoneOf(this, settings)
    );
  }
}
