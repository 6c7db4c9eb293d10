# R survey's weights for overlapping margins, and what R says of margins that no weights hold.
# Run in tests/oracles/:  Rscript e_overlap.R   (writes e_overlap.json)
library(survey)

s <- read.csv("b_kommune_sample.csv", stringsAsFactors = TRUE)
w <- read.csv("b_kommune_weights.csv")
cells <- read.csv("b_kommune_popcells.csv", stringsAsFactors = TRUE)
s <- merge(s[s$responderet == 1, ], w[c("row_id", "w_nr")], by = "row_id")
s <- s[order(s$row_id), ]

# thin levels joined as in test_raking.py: ages of each group from 45 on, and all of Handicap and Unge
joined <- function(t) {
  age <- ifelse(t$alder %in% c("45-64", "65+"), "45+", as.character(t$alder))
  age <- ifelse(t$gruppe %in% c("Handicap", "Unge"), "all", age)
  t$group_age <- factor(paste(t$gruppe, age))
  t$group_gender <- factor(paste(t$gruppe, t$koen))
  t
}
s <- joined(s)
cells <- joined(cells)
design <- svydesign(ids = ~1, strata = ~gruppe, weights = ~w_nr, data = s)
formula <- ~ 0 + group_age + group_gender + alder + koen
x <- model.matrix(formula, cells)
x <- x[, qr(x)$pivot[seq_len(qr(x)$rank)]]          # a basis: the margins overlap
keep <- colnames(x)
total <- colSums(x * cells$N)
for (k in keep) s[[make.names(k)]] <- model.matrix(formula, s)[, k]
design <- svydesign(ids = ~1, strata = ~gruppe, weights = ~w_nr, data = s)
basis <- as.formula(paste("~ 0 +", paste(make.names(keep), collapse = " + ")))
names(total) <- make.names(keep)
got <- calibrate(design, basis, total, calfun = "raking", epsilon = 1e-12, maxit = 200)

says <- function(a, b, t1, t2) {
  d <- data.frame(a = factor(a), b = factor(b), one = 1)
  d <- svydesign(ids = ~1, weights = ~one, data = d)
  p <- c(t1[1] + t1[2], t1[2], t2[2])
  names(p) <- colnames(model.matrix(~ a + b, d$variables))
  tryCatch({ calibrate(d, ~ a + b, p, calfun = "raking"); "weights" },
           error = function(e) conditionMessage(e))
}
out <- c(
  sprintf('{"r": "%s", "survey": "%s",', getRversion(), packageVersion("survey")),
  sprintf(' "row_id": [%s],', paste(s$row_id, collapse = ", ")),
  sprintf(' "weight": [%s],', paste(sprintf("%.15g", weights(got)), collapse = ", ")),
  sprintf(' "infeasible": ["%s", "%s"]}', says(c(0, 1, 1), c(0, 1, 1), c(2, 2), c(3, 1)),
          says(c(1, 1, 0), c(0, 1, 1), c(7, 3), c(9, 1))))
writeLines(out, "e_overlap.json")
