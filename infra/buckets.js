/**
 * Buckets.
 */
import { Duration, Validations } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket, BucketEncryption, HttpMethods } from 'aws-cdk-lib/aws-s3';
import { keptIf } from './kept.js';
import { namesFor } from './names.js';

/**
 * Users' files, of the Region in which they were uploaded. Pages send them there by signed URLs, so
 * the bucket lets the site's pages call; a signature is needed all the same.
 *
 * @param {import('aws-cdk-lib').Stack} stack
 * @param {import('./settings.js').Settings} settings
 * @param {string} [siteUrl] any CloudFront address, while it is not known
 */
export function userDataBucket(stack, settings, siteUrl = 'https://*.cloudfront.net') {
  return privateBucket(stack, 'UserData', settings, {
    bucketName: namesFor(settings).userDataBucket(stack.region),
    versioned: true,
    cors: [
      {
        allowedOrigins: [siteUrl],
        allowedMethods: [HttpMethods.GET, HttpMethods.PUT],
        allowedHeaders: ['content-type'],
        maxAge: 600,
      },
    ],
    lifecycleRules: [
      {
        abortIncompleteMultipartUploadAfter: Duration.days(1),
        noncurrentVersionExpiration: Duration.days(30),
      },
    ],
  });
}

/**
 * A bucket that nobody may read without being given leave, over TLS only, encrypted.
 *
 * @param {import('constructs').Construct} scope
 * @param {string} id
 * @param {import('./settings.js').Settings} settings
 * @param {import('aws-cdk-lib/aws-s3').BucketProps} [props]
 */
export function privateBucket(scope, id, settings, props) {
  const bucket = new Bucket(scope, id, {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    encryption: BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    removalPolicy: keptIf(settings.protect),
    ...props,
  });
  Validations.of(bucket).acknowledge({
    id: 'AwsSolutions-S1',
    reason: "CloudFront and CloudTrail's data events log access; server access logs add none.",
  });
  return bucket;
}
