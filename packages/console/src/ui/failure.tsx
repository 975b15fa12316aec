import { useEffect, useState } from 'react';
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import { ClientelaError } from '@clientela/client';
import { Button } from './button.tsx';
import { Notice } from './notice.tsx';
import styles from './notice.module.css';
import { visible } from './visible.tsx';

/** Says in the person's language what failed; the server's English only where there is no translation. */
export function describeError(error: unknown, t: TFunction): string {
  if (!(error instanceof ClientelaError)) return t('errors.title');
  const { code, detail, problem } = error;
  if (problem.missing !== undefined) return t('errors.missing', { permission: problem.missing });
  if (code.endsWith('_NOT_FOUND')) return t('errors.gone');
  return t(`errors.codes.${code}` as 'errors.codes.FORBIDDEN', { defaultValue: detail });
}

/** Counts the seconds down that the server asked to wait. @returns 0 when it is over */
export function useCountdown(error: unknown): number {
  const seconds = error instanceof ClientelaError ? (error.retryAfter ?? 0) : 0;
  const [passed, setPassed] = useState({ error, seconds: 0 });
  useEffect(() => {
    if (seconds <= 0) return undefined;
    const start = Date.now();
    const timer = setInterval(() => setPassed({ error, seconds: Math.floor((Date.now() - start) / 1000) }), 500);
    return () => clearInterval(timer);
  }, [error, seconds]);
  return Math.max(0, seconds - (passed.error === error ? passed.seconds : 0));
}

/** A request that failed: why, when to try again, and the id by which the operator finds it. */
export function Failure({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useTranslation();
  const left = useCountdown(error);
  const id = error instanceof ClientelaError ? error.requestId : undefined;
  return (
    <Notice kind="error">
      {visible(describeError(error, t))} {left > 0 && t('errors.retryIn', { seconds: left })}
      {onRetry && left === 0 && (
        <>
          {' '}
          <Button look="link" onPress={onRetry}>
            {t('common.retry')}
          </Button>
        </>
      )}
      {id !== undefined && (
        <span className={styles.request}>
          {t('errors.requestId')}{' '}
          <Button
            look="link"
            aria-label={t('errors.copyRequest', { id })}
            onPress={() => void navigator.clipboard.writeText(id)}
          >
            <code>{visible(id)}</code>
          </Button>
        </span>
      )}
    </Notice>
  );
}
