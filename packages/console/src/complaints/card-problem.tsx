import { useTranslation } from 'react-i18next';
import { interactionStatusText } from '../customer/interaction-text.ts';
import { Button } from '../ui/button.tsx';
import { describeError, useCountdown } from '../ui/failure.tsx';
import styles from './board.module.css';
import type { Problem } from './use-moves.ts';

type CardProblemProps = { problem: Problem; status: string | null; onAgain: () => void; onDismiss: () => void };

/** Says at a card why it is not where it was moved, moves it there again, or leaves it. */
export function CardProblem({ problem: { to, error }, status, onAgain, onDismiss }: CardProblemProps) {
  const { t } = useTranslation();
  const left = useCountdown(error);
  const isConflict = error === undefined;
  return (
    <div className={styles.problem} data-conflict={isConflict || undefined}>
      <p role="alert">
        {isConflict ? (
          <>
            {t('forms.conflict')} {interactionStatusText(status ?? '', t)}
          </>
        ) : (
          describeError(error, t)
        )}
        {left > 0 && ` ${t('errors.retryIn', { seconds: left })}`}
      </p>
      <div className={styles.problemActions}>
        {left === 0 && (
          <Button look="small" onPress={onAgain}>
            {t('complaints.moveTo', { state: interactionStatusText(to, t) })}
          </Button>
        )}
        <Button look="small" onPress={onDismiss}>
          {t(isConflict ? 'complaints.leave' : 'common.close')}
        </Button>
      </div>
    </div>
  );
}
