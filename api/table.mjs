/**
 * Records in a DynamoDB table with the keys `pk` and `sk`.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
} from '@aws-sdk/lib-dynamodb';

/**
 * @param {object} options
 * @param {string} options.table
 * @param {import('@aws-sdk/client-dynamodb').DynamoDBClientConfig} [options.client]
 * @returns {import('./documents.mjs').Documents & { close: () => void }}
 */
export function openTable({ table: TableName, client }) {
  const dynamo = new DynamoDBClient({ ...LIMITS, ...client });
  const documents = DynamoDBDocumentClient.from(dynamo, {
    marshallOptions: { removeUndefinedValues: true },
  });

  /** Whether a conditional write took place. @param {() => Promise<unknown>} write */
  const met = async (write) => {
    try {
      await write();
      return true;
    } catch (error) {
      if (/** @type {Error} */ (error).name === 'ConditionalCheckFailedException') return false;
      throw error;
    }
  };

  return {
    async get({ pk, sk }) {
      const asked = new GetCommand({ TableName, Key: { pk, sk }, ConsistentRead: true });
      const { Item } = await documents.send(asked);
      return /** @type {import('./documents.mjs').Item | undefined} */ (Item);
    },
    add: (Item) =>
      met(() =>
        documents.send(
          new PutCommand({ TableName, Item, ConditionExpression: 'attribute_not_exists(pk)' }),
        ),
      ),
    replace: (Item, version) =>
      met(() => documents.send(new PutCommand({ TableName, Item, ...isVersion(version) }))),
    remove: ({ pk, sk }, version) =>
      met(() =>
        documents.send(new DeleteCommand({ TableName, Key: { pk, sk }, ...isVersion(version) })),
      ),
    async list({ pk, prefix, after, limit }) {
      const { Items = [], LastEvaluatedKey } = await documents.send(
        new QueryCommand({
          TableName,
          ConsistentRead: true,
          ScanIndexForward: false,
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
          ExpressionAttributeValues: { ':pk': pk, ':prefix': prefix },
          ExclusiveStartKey: after === undefined ? undefined : { pk, sk: after },
          // One more than asked for shows whether there are more: the key alone does not say.
          Limit: limit + 1,
        }),
      );
      const items = /** @type {import('./documents.mjs').Item[]} */ (Items.slice(0, limit));
      // DynamoDB stops at 1 MB, which may be before the limit.
      const cut = LastEvaluatedKey !== undefined && Items.length <= limit;
      return { items, more: Items.length > limit || cut };
    },
    close: () => dynamo.destroy(),
  };
}

/** Short of what the edge waits for: a caller learns of an outage from us, and soon. */
const LIMITS = {
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000 },
};

/** @param {number} version */
function isVersion(version) {
  return {
    ConditionExpression: '#version = :version',
    ExpressionAttributeNames: { '#version': 'version' },
    ExpressionAttributeValues: { ':version': version },
  };
}
