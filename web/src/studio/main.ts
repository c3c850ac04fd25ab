import '../style/studio.css';
import { App } from './app';

const root = document.querySelector<HTMLElement>('#studio');
if (root) new App(root);
