/**
 * Our own checks of permissions, APIs and what is stored.
 */
import { finds, one } from './broken.js';
import { synthesized } from './synthesized.js';

const { templates } = await synthesized();

const handlerPolicy = (/** @type {any} */ template) =>
  one(template, 'AWS::IAM::Role').Policies[1].PolicyDocument.Statement[0];

finds(templates['nearhop-edge'], [
  [
    'a bucket without a block',
    (t) => (one(t, 'AWS::S3::Bucket').PublicAccessBlockConfiguration.BlockPublicPolicy = false),
    /PublicAccessBlockConfiguration: found not BlockPublicPolicy, .*\(private-bucket\)/,
  ],
  [
    'a bucket that anybody may read',
    (t) => {
      const { Statement } = one(t, 'AWS::S3::BucketPolicy').PolicyDocument;
      Statement.push({
        Effect: 'Allow',
        Principal: '*',
        Action: 's3:GetObject',
        Resource: 'arn:aws:s3:::b/*',
      });
    },
    /Principal: found \*, allowed: a service, or an account \(least-privilege\)/,
  ],
]);

finds(templates['nearhop-api-eu-west-1'], [
  [
    'a bucket over plain HTTP',
    (t) =>
      delete t.Resources[
        Object.keys(t.Resources).find((id) => id.startsWith('UserDataPolicy')) ?? ''
      ],
    /UserData.*BucketPolicy: found nothing about TLS, .*\(private-bucket\)/,
  ],
  [
    'logs for ever',
    (t) => delete one(t, 'AWS::Logs::LogGroup').RetentionInDays,
    /RetentionInDays: found nothing, .*\(log-retention\)/,
  ],
  [
    'A4: a route without a token',
    (t) =>
      (one(t, 'AWS::ApiGatewayV2::Route', (id) => id.includes('proxy')).AuthorizationType = 'NONE'),
    /AuthorizationType: found NONE for ANY \/\{proxy\+\}, allowed: JWT, .*\(A4\)/,
  ],
  [
    'a stage without throttling',
    (t) => delete one(t, 'AWS::ApiGatewayV2::Stage').DefaultRouteSettings,
    /DefaultRouteSettings: found nothing, .*\(throttling\)/,
  ],
  [
    'every action of a service',
    (t) => (handlerPolicy(t).Action = 'dynamodb:*'),
    /Action: found dynamodb:\*, allowed: actions by their names \(least-privilege\)/,
  ],
  [
    'every resource',
    (t) => (handlerPolicy(t).Resource = '*'),
    /Resource: found \*, allowed: resources by their names \(least-privilege\)/,
  ],
  [
    'every table',
    (t) => (handlerPolicy(t).Resource = 'arn:aws:dynamodb:eu-west-1:123456789012:table/*'),
    /Resource: found arn:.*table\/\*, .*\(least-privilege\)/,
  ],
  [
    'all but an action',
    (t) => {
      delete handlerPolicy(t).Action;
      handlerPolicy(t).NotAction = 'dynamodb:DeleteTable';
    },
    /NotAction: found dynamodb:DeleteTable, allowed: Action \(least-privilege\)/,
  ],
  [
    "a policy of AWS's",
    (t) =>
      (one(t, 'AWS::IAM::Role').ManagedPolicyArns = [
        'arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess',
      ]),
    /ManagedPolicyArns\[0\]: found .*AmazonDynamoDBFullAccess, .*\(least-privilege\)/,
  ],
  [
    'a function that anybody may call',
    (t) => delete one(t, 'AWS::Lambda::Permission').SourceArn,
    /Principal: found apigateway\.amazonaws\.com, .* SourceArn \(least-privilege\)/,
  ],
]);

finds(templates['nearhop-data'], [
  [
    'a Region whose table cannot be brought back',
    (t) => delete one(t, 'AWS::DynamoDB::GlobalTable').Replicas[1].PointInTimeRecoverySpecification,
    /Replicas\[1\]\.PointInTimeRecoverySpecification: found none in ap-northeast-1, .*\(recovery\)/,
  ],
]);
