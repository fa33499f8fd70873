/**
 * The API's names: one for each Region, and, where Route 53 chooses, one for all.
 */
import { Certificate, CertificateValidation } from 'aws-cdk-lib/aws-certificatemanager';
import { ApiMapping, DomainName, SecurityPolicy } from 'aws-cdk-lib/aws-apigatewayv2';
import {
  ARecord,
  AaaaRecord,
  CfnHealthCheck,
  CfnRecordSet,
  HostedZone,
  RecordTarget,
} from 'aws-cdk-lib/aws-route53';
import { ApiGatewayv2DomainProperties } from 'aws-cdk-lib/aws-route53-targets';
import { Construct } from 'constructs';
import { namesFor } from './names.js';

/**
 * @typedef {object} ApiDomainProps
 * @property {import('./settings.js').Settings & { domain: object }} settings
 * @property {import('./plane.js').Plane} plane
 * @property {string} region
 * @property {import('aws-cdk-lib/aws-apigatewayv2').HttpApi} api
 * @property {import('aws-cdk-lib/aws-apigatewayv2').HttpStage} stage
 */

export class ApiDomain extends Construct {
  /**
   * @param {Construct} scope
   * @param {string} id
   * @param {ApiDomainProps} props
   */
  constructor(scope, id, props) {
    super(scope, id);
    const { settings, region } = props;
    const { apiDomain, sharedApiDomain } = namesFor(settings);
    const zone = zoneOf(this, settings);
    const names = [apiDomain(region), ...(settings.routing === 'dns' ? [sharedApiDomain] : [])];
    // An API's name needs a certificate of its Region (rule A3).
    const certificate = new Certificate(this, 'Certificate', {
      domainName: names[0],
      subjectAlternativeNames: names.slice(1),
      validation: CertificateValidation.fromDns(zone),
    });
    const [own, shared] = names.map((domainName, index) => {
      const domain = new DomainName(this, index === 0 ? 'Own' : 'Shared', {
        domainName,
        certificate,
        securityPolicy: SecurityPolicy.TLS_1_2,
      });
      new ApiMapping(this, index === 0 ? 'OwnMapping' : 'SharedMapping', {
        api: props.api,
        stage: props.stage,
        domainName: domain,
      });
      return domain;
    });
    this.ownRecords(own, names[0], zone);
    if (shared) this.latencyRecords(shared, sharedApiDomain, props);
  }

  /**
   * By this name Nearhop reaches the Region, and health checks look at it.
   *
   * @param {DomainName} domain
   * @param {string} recordName
   * @param {import('aws-cdk-lib/aws-route53').IHostedZone} zone
   */
  ownRecords(domain, recordName, zone) {
    const { regionalDomainName, regionalHostedZoneId } = domain;
    const target = RecordTarget.fromAlias(
      new ApiGatewayv2DomainProperties(regionalDomainName, regionalHostedZoneId),
    );
    new ARecord(this, 'A', { zone, recordName, target });
    new AaaaRecord(this, 'AAAA', { zone, recordName, target });
  }

  /**
   * The same name in every Region: Route 53 answers with the one of the lowest latency that is
   * healthy. Fast checks see a failure in about 30 s; the records' lifetime comes on top (rule A5).
   *
   * @param {DomainName} domain
   * @param {string} name
   * @param {ApiDomainProps} props
   */
  latencyRecords(domain, name, { settings, plane, region }) {
    const check = plane.healthChecks
      ? new CfnHealthCheck(this, 'Health', {
          healthCheckConfig: {
            type: 'HTTPS',
            fullyQualifiedDomainName: namesFor(settings).apiDomain(region),
            resourcePath: '/health',
            port: 443,
            enableSni: true,
            requestInterval: 10,
            failureThreshold: 3,
          },
        })
      : undefined;
    for (const type of ['A', 'AAAA']) {
      new CfnRecordSet(this, `Latency${type}`, {
        hostedZoneId: settings.domain?.hostedZoneId,
        name,
        type,
        region,
        setIdentifier: region,
        healthCheckId: check?.attrHealthCheckId,
        aliasTarget: {
          dnsName: domain.regionalDomainName,
          hostedZoneId: domain.regionalHostedZoneId,
          evaluateTargetHealth: false,
        },
      });
    }
  }
}

/**
 * @param {Construct} scope
 * @param {import('./settings.js').Settings} settings
 */
export function zoneOf(scope, { domain }) {
  return HostedZone.fromHostedZoneAttributes(scope, 'Zone', {
    hostedZoneId: domain?.hostedZoneId ?? '',
    zoneName: domain?.hostedZoneName ?? '',
  });
}
