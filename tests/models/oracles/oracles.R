# Fits the simulated cohort of this folder with R and writes oracles.json, which tests read where there is no R:
#   Rscript tests/models/oracles/oracles.R
# Debian: r-cran-lme4, r-cran-survival, r-cran-geepack, r-cran-mass, r-cran-jsonlite.
suppressMessages({library(lme4); library(survival); library(geepack); library(MASS); library(jsonlite)})

called <- grep("^--file=", commandArgs(FALSE), value = TRUE)
folder <- dirname(sub("^--file=", "", called))
sessions <- read.csv(file.path(folder, "sessions.csv"))
weeks <- read.csv(file.path(folder, "weeks.csv"))
weeks$id <- as.integer(factor(weeks$participant_id))

# Mixed models of jump height. Likelihoods are compared at 1e-6, for which the default search stops too early.
tight <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhobeg = 0.2, rhoend = 1e-12, maxfun = 2e5))
mixed <- function(formula, reml = TRUE) {
  fit <- lmer(formula, sessions, REML = reml, control = tight)
  variances <- as.data.frame(VarCorr(fit))
  list(terms = names(fixef(fit)), estimate = unname(fixef(fit)), standard_error = unname(sqrt(diag(as.matrix(vcov(fit))))),
       log_likelihood = as.numeric(logLik(fit)), residual_variance = sigma(fit)^2,
       random_variance = variances$vcov[is.na(variances$var2) & variances$grp != "Residual"])
}
terms <- "jump_height ~ time + abduction_within + abduction_between + load + female"
random <- function(bar, reml = TRUE) mixed(as.formula(paste(terms, "+", bar)), reml)

# Rates of overuse problems per hour.
rate <- onset ~ abduction_between + load + previously_injured + offset(log(training_hours))
equations <- function(structure, family = poisson()) {
  fit <- geeglm(rate, id = id, data = weeks, family = family, corstr = structure,
                control = geese.control(epsilon = 1e-13, maxit = 200))
  table <- coef(summary(fit))
  list(terms = rownames(table), estimate = table[, 1], standard_error = table[, 2])
}

# Totals of athletes whose proneness is gamma-distributed are negative binomial.
totals <- aggregate(cbind(onset, training_hours) ~ id + abduction_between + previously_injured, weeks, sum)
counts <- local({
  fit <- glm.nb(onset ~ abduction_between + previously_injured + offset(log(training_hours)), totals,
                control = glm.control(epsilon = 1e-14, maxit = 500))
  table <- coef(summary(fit))
  list(terms = rownames(table), estimate = table[, 1], standard_error = table[, 2], proneness = 1 / fit$theta)
})

# Recurrent problems, with errors by athlete.
hazard <- function(formula, ties) {
  fit <- coxph(formula, weeks, ties = ties, cluster = id, control = coxph.control(eps = 1e-11, iter.max = 100))
  list(terms = names(coef(fit)), estimate = unname(coef(fit)), standard_error = unname(sqrt(diag(fit$var))),
       log_likelihood = fit$loglik[2], events = fit$nevent)
}
risk <- "abduction_between + load + previously_injured"
hazards <- function(ties) {
  as_formula <- function(left, strata = "") as.formula(paste(left, "~", risk, strata))
  list(andersen_gill = hazard(as_formula("Surv(start, stop, onset)"), ties),
       pwp_total = hazard(as_formula("Surv(start, stop, onset)", "+ strata(event_number)"), ties),
       pwp_gap = hazard(as_formula("Surv(gap_start, gap_stop, onset)", "+ strata(event_number)"), ties))
}

# Strata of events pooled from the second or third on, as is usual where few athletes have more.
pooled <- function(left, from) hazard(as.formula(paste(left, "~", risk, "+ strata(pmin(event_number,", from, "))")), "breslow")

# Weekly hazard with log-normal frailty, by adaptive quadrature.
frailty <- function(nodes) {
  control <- glmerControl(optimizer = "bobyqa", optCtrl = list(rhobeg = 0.02, rhoend = 1e-9, maxfun = 1e5), tolPwrss = 1e-12)
  fit <- glmer(onset ~ abduction_between + load + previously_injured + offset(log(training_hours)) + (1 | id), weeks,
               family = binomial("cloglog"), nAGQ = nodes, control = control)
  # The standard errors are those of the whole Hessian, the standard deviation of frailty among its parameters.
  list(terms = names(fixef(fit)), estimate = unname(fixef(fit)),
       standard_error = unname(sqrt(diag(as.matrix(vcov(fit, use.hessian = TRUE))))),
       log_likelihood = as.numeric(logLik(fit)), deviation = unname(sqrt(as.numeric(VarCorr(fit)$id))))
}

# Half-time of the approach of alignment to its plateau, with the load of the week before.
learning <- local({
  rows <- transform(sessions, alignment = abduction_within + abduction_between, week = time - min(time))
  approach <- function(log_half_time) lm(alignment ~ participant_id * I(2^(-week / exp(log_half_time))) + load, rows)
  found <- optimise(function(at) deviance(approach(at)), log(c(0.25, 260)), tol = 1e-10)
  list(half_time = exp(found$minimum), load = unname(coef(approach(found$minimum))["load"]), deviance = found$objective)
})

version <- function(name) as.character(packageVersion(name))
packages <- c("lme4", "survival", "geepack", "MASS")
answers <- list(
  made = list(date = format(Sys.Date()), R = as.character(getRversion()),
              packages = as.list(setNames(sapply(packages, version), packages))),
  mixed = list(intercept = random("(1 | participant_id)"),
               slope = random("(time | participant_id)"),
               slope_ml = random("(time | participant_id)", FALSE),
               uncorrelated = random("(1 | participant_id) + (0 + time | participant_id)"),
               two_slopes = random("(time + abduction_within | participant_id)"),
               uncorrelated_slopes = random("(time + abduction_within || participant_id)")),
  gee = list(independence = equations("independence"), exchangeable = equations("exchangeable"),
             cloglog = equations("independence", binomial("cloglog"))),
  shared_gamma = counts,
  frailty = frailty(15),
  pooled = list(total_2 = pooled("Surv(start, stop, onset)", 2), gap_2 = pooled("Surv(gap_start, gap_stop, onset)", 2),
                gap_3 = pooled("Surv(gap_start, gap_stop, onset)", 3)),
  half_time = learning,
  cox = list(breslow = hazards("breslow"), efron = hazards("efron")))
write(toJSON(answers, digits = NA, auto_unbox = TRUE, pretty = TRUE), file.path(folder, "oracles.json"))
