import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Notice } from '../ui/notice.tsx';
import styles from './layout.module.css';
import { SignInLayout } from './layout.tsx';

/** Leads back to the tab in which somebody worked when the session ended. */
export function AgainPage() {
  const { t } = useTranslation();
  return (
    <SignInLayout title={t('signIn.title')} heading={t('signIn.isAgain')}>
      <Notice kind="success">{t('signIn.otherTab')}</Notice>
      <div className={styles.links}>
        <Link to="/">{t('signIn.toConsole')}</Link>
      </div>
    </SignInLayout>
  );
}
