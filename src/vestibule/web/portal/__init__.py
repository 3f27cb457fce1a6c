"""The portal: the pages of a customer's administrator, who came by a setup link or inside another
page. One file for each noun."""
