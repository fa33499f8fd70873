/**
 * Users' files in S3: a bucket in each Region.
 */
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';

/**
 * @param {object} options
 * @param {string} options.region
 * @param {string} options.bucket of that Region
 * @param {import('@aws-sdk/client-s3').S3ClientConfig} [options.client]
 * @returns {import('./objects.mjs').Objects & { close: () => void }}
 */
export function openBuckets({ region: here, bucket, client }) {
  /** @type {Map<string, S3Client>} */
  const clients = new Map();
  const s3 = (/** @type {string} */ region) => {
    const known = clients.get(region) ?? new S3Client({ ...LIMITS, ...client, region });
    clients.set(region, known);
    return known;
  };

  return {
    here: (key) => ({ region: here, bucket, key }),

    async upload({ region, bucket: Bucket, key: Key }, { type, size, seconds }) {
      const put = new PutObjectCommand({ Bucket, Key, ContentType: type, ContentLength: size });
      const url = await getSignedUrl(s3(region), put, {
        expiresIn: seconds,
        // What is signed cannot be sent otherwise. A browser sets content-length by itself.
        signableHeaders: new Set(['host', 'content-length', 'content-type']),
      });
      return { method: 'PUT', url, headers: { 'content-type': type } };
    },

    download({ region, bucket: Bucket, key: Key }, seconds) {
      const get = new GetObjectCommand({ Bucket, Key });
      return getSignedUrl(s3(region), get, { expiresIn: seconds });
    },

    async head({ region, bucket: Bucket, key: Key }) {
      try {
        const asked = new HeadObjectCommand({ Bucket, Key });
        const { ContentType = '', ContentLength = 0 } = await s3(region).send(asked);
        return { type: ContentType, size: ContentLength };
      } catch (error) {
        // S2: without s3:ListBucket a missing key is 403.
        const status = /** @type {any} */ (error).$metadata?.httpStatusCode;
        if (status === 404 || status === 403) return undefined;
        throw error;
      }
    },

    async remove({ region, bucket: Bucket, key: Key }) {
      await s3(region).send(new DeleteObjectCommand({ Bucket, Key }));
    },

    close() {
      for (const each of clients.values()) each.destroy();
    },
  };
}

/** @type {import('@aws-sdk/client-s3').S3ClientConfig} */
const LIMITS = {
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000 },
  // Otherwise the checksum of no bytes would be signed into a URL for bytes we never see.
  requestChecksumCalculation: 'WHEN_REQUIRED',
};
