/**
 * What happens to data when its stack goes.
 */
import { RemovalPolicy } from 'aws-cdk-lib';

/** @param {boolean} kept the setting `protect` */
export function keptIf(kept) {
  return kept ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
}
