import { useTranslation } from 'react-i18next';
import { Button } from '../ui/button.tsx';
import styles from '../ui/bar.module.css';
import { visible } from '../ui/visible.tsx';

type ConflictProps = { theirs: string | undefined; onTake: (value: string) => void };

/** Says at a field what somebody else stored meanwhile, and takes it on request; saving again keeps what was typed. */
export function Conflict({ theirs, onTake }: ConflictProps) {
  const { t } = useTranslation();
  if (theirs === undefined) return null;
  return (
    <p className={styles.conflict} role="alert">
      {t('forms.conflict')} <bdi>{visible(theirs === '' ? t('forms.emptyValue') : theirs)}</bdi>{' '}
      <Button look="link" onPress={() => onTake(theirs)}>
        {t('forms.takeTheirs')}
      </Button>
    </p>
  );
}
