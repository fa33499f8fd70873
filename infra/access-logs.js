/**
 * CloudFront's access logs, by standard logging v2: unlike the older kind it needs no bucket with
 * ACLs, and is told which fields to write.
 */
import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnDelivery, CfnDeliveryDestination, CfnDeliverySource } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { privateBucket } from './buckets.js';

/** No cookies, no query strings and no referrers: tokens stand in them. */
const FIELDS = [
  'date',
  'time',
  'x-edge-location',
  'x-edge-request-id',
  'x-edge-result-type',
  'x-edge-detailed-result-type',
  'c-ip',
  'c-country',
  'cs-method',
  'cs(Host)',
  'cs-uri-stem',
  'cs(User-Agent)',
  'cs-protocol-version',
  'sc-status',
  'sc-bytes',
  'time-taken',
  'time-to-first-byte',
  'ssl-protocol',
];

/** Into a bucket of their own, for as long as logs.days says. */
export class AccessLogs extends Construct {
  /**
   * @param {Construct} scope in us-east-1, where CloudFront's deliveries are set up
   * @param {string} id
   * @param {import('./settings.js').Settings} settings
   * @param {import('aws-cdk-lib/aws-cloudfront').Distribution} distribution
   */
  constructor(scope, id, settings, distribution) {
    super(scope, id);
    const bucket = privateBucket(this, 'Bucket', settings, {
      lifecycleRules: [{ expiration: Duration.days(settings.logs.days) }],
    });
    const name = `${settings.app}-access-logs`;
    letDeliver(bucket, name);
    const source = new CfnDeliverySource(this, 'Source', {
      name,
      logType: 'ACCESS_LOGS',
      resourceArn: distribution.distributionArn,
    });
    const destination = new CfnDeliveryDestination(this, 'Destination', {
      name,
      destinationResourceArn: bucket.bucketArn,
      outputFormat: 'json',
    });
    const delivery = new CfnDelivery(this, 'Delivery', {
      deliverySourceName: source.name,
      deliveryDestinationArn: destination.attrArn,
      recordFields: FIELDS,
    });
    delivery.addResourceDependency(source);
    delivery.node.addDependency(bucket);
  }
}

/**
 * Only this account's own delivery may write, below where it writes.
 *
 * @param {import('aws-cdk-lib/aws-s3').Bucket} bucket
 * @param {string} source
 */
function letDeliver(bucket, source) {
  const stack = Stack.of(bucket);
  const arn = stack.formatArn({
    service: 'logs',
    resource: 'delivery-source',
    resourceName: source,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  bucket.addToResourcePolicy(
    new PolicyStatement({
      principals: [new ServicePrincipal('delivery.logs.amazonaws.com')],
      actions: ['s3:PutObject'],
      resources: [bucket.arnForObjects(`AWSLogs/${stack.account}/CloudFront/*`)],
      conditions: {
        StringEquals: {
          's3:x-amz-acl': 'bucket-owner-full-control',
          'aws:SourceAccount': stack.account,
        },
        ArnLike: { 'aws:SourceArn': arn },
      },
    }),
  );
}
