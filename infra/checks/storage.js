/**
 * Buckets, tables and logs.
 */
import { asText, finding, listOf, referredTo, resourcesOf } from './template.js';

const BLOCKS = [
  'BlockPublicAcls',
  'BlockPublicPolicy',
  'IgnorePublicAcls',
  'RestrictPublicBuckets',
];

/** @type {import('./template.js').Check} */
export function checkStorage(template) {
  return [
    ...resourcesOf(template, 'AWS::S3::Bucket').flatMap(([logicalId, bucket]) =>
      checkBucket(template, logicalId, bucket),
    ),
    ...resourcesOf(template, 'AWS::Logs::LogGroup').flatMap(([logicalId, { RetentionInDays }]) =>
      RetentionInDays
        ? []
        : [finding('log-retention', logicalId, 'RetentionInDays', undefined, 'a number of days')],
    ),
    ...resourcesOf(template, 'AWS::DynamoDB::GlobalTable').flatMap(([logicalId, { Replicas }]) =>
      listOf(Replicas).flatMap(({ Region, PointInTimeRecoverySpecification: recovery }, index) =>
        recovery?.PointInTimeRecoveryEnabled
          ? []
          : [
              finding(
                'recovery',
                logicalId,
                `Replicas[${index}].PointInTimeRecoverySpecification`,
                `none in ${Region}`,
                'PointInTimeRecoveryEnabled in every Region',
              ),
            ],
      ),
    ),
  ];
}

/**
 * @param {import('./template.js').Template} template
 * @param {string} logicalId
 * @param {any} bucket
 */
function checkBucket(template, logicalId, bucket) {
  const blocked = bucket.PublicAccessBlockConfiguration ?? {};
  const missing = BLOCKS.filter((block) => blocked[block] !== true);
  const found = (
    /** @type {string} */ path,
    /** @type {string} */ what,
    /** @type {string} */ may,
  ) => finding('private-bucket', logicalId, path, what, may);
  return [
    ...(missing.length > 0
      ? [found('PublicAccessBlockConfiguration', `not ${missing.join(', ')}`, 'all four, true')]
      : []),
    ...(bucket.BucketEncryption ? [] : [found('BucketEncryption', 'nothing', 'AES256 or aws:kms')]),
    ...(bucket.AccessControl && bucket.AccessControl !== 'Private'
      ? [found('AccessControl', bucket.AccessControl, 'none: ACLs are off')]
      : []),
    ...(deniesPlainHttp(template, logicalId)
      ? []
      : [found('BucketPolicy', 'nothing about TLS', 'Deny where aws:SecureTransport is false')]),
  ];
}

/**
 * @param {import('./template.js').Template} template
 * @param {string} bucket
 */
function deniesPlainHttp(template, bucket) {
  return resourcesOf(template, 'AWS::S3::BucketPolicy').some(
    ([, { Bucket, PolicyDocument }]) =>
      referredTo(Bucket) === bucket &&
      listOf(PolicyDocument?.Statement).some(
        ({ Effect, Condition }) =>
          Effect === 'Deny' && asText(Condition?.Bool?.['aws:SecureTransport']) === 'false',
      ),
  );
}
