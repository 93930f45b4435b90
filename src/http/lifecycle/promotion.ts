import { GatewayError } from '../../errors.ts';
import type { Caller } from '../../repository/service/caller.ts';
import type { Change } from '../../repository/service/lifecycle.ts';
import type { Promotion, PromotionOptions } from '../../repository/service/promoting.ts';
import type { HttpDependencies, HttpSettings } from '../options.ts';

/** Promotes by the rules that this gateway has for the target. Throws REPOSITORY_UNKNOWN for an image that it doesn't serve. */
export type Promote = (
  promotion: Promotion,
  caller: Caller,
  options: Omit<PromotionOptions, 'judge'>,
) => Promise<Change>;

export function createPromote(
  { repositories, trust }: Pick<HttpDependencies, 'repositories' | 'trust'>,
  { singleImage }: Pick<HttpSettings, 'singleImage'>,
): Promote {
  return (promotion, caller, options) => {
    const { from, to } = promotion;
    if (singleImage !== undefined && from.image !== to.image)
      throw new GatewayError('REPOSITORY_UNKNOWN', 'one image is served here');
    const rules = trust?.signatures;
    const judge = rules?.isConcerned(to) === true ? rules.judge.bind(rules, to) : undefined;
    return repositories.promote(promotion, caller, { ...options, judge });
  };
}
